#!/usr/bin/env python3
"""How many tests passed and failed?

Usage: count_tests.py FILE...

A FILE is either a report of `bazel test --build_event_json_file` (NAME.json) or the outcome of a
check outside Bazel (NAME.outcome, which holds "passed" or "failed"). Prints each failure and, as
the last line, `N passed, N failed`. The exit code is 0 if and only if none failed.

A test target counts as its test cases where it wrote a test.xml that lists them, and as one
otherwise. A build that fails counts as one failure.
"""

import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree

# Exit codes of Bazel that say nothing beyond what the results of the tests say.
_BUILD_WAS_FINE = {"SUCCESS", "TESTS_FAILED", "NO_TESTS_FOUND"}


class Tally:
    """Counts outcomes and remembers the names of what failed."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def add(self, name, passed):
        """Counts one outcome."""
        if passed:
            self.passed += 1
        else:
            self.failures.append(name)


def cases_of(xml_text):
    """The (name, passed) of each case that ran, from the text of a test.xml."""
    cases = []
    for case in xml.etree.ElementTree.fromstring(xml_text).iter("testcase"):
        ran = case.get("status") != "notrun" and case.get("result") not in ("skipped", "suppressed")
        if ran and case.find("skipped") is None:
            name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
            passed = case.find("failure") is None and case.find("error") is None
            cases.append((name, passed))
    return cases


def _read_cases(outputs):
    """The cases of a test's outputs; none if it wrote no test.xml that can be read."""
    for output in outputs:
        if output.get("name") == "test.xml":
            path = urllib.parse.unquote(urllib.parse.urlparse(output.get("uri", "")).path)
            try:
                return cases_of(pathlib.Path(path).read_text(errors="replace"))
            except (OSError, xml.etree.ElementTree.ParseError):
                return []
    return []


def _count_target(label, result, tally):
    """Counts the cases of one test target. A target that failed has at least one failure."""
    passed = result.get("status") == "PASSED"
    cases = _read_cases(result.get("testActionOutput", []))
    if len(cases) <= 1:
        tally.add(label, passed)
        return
    failed_before = len(tally.failures)
    for name, case_passed in cases:
        tally.add(f"{label} {name}", case_passed)
    if not passed and len(tally.failures) == failed_before:
        tally.add(f"{label} ({result.get('status', 'no status')})", False)


def count_events(lines, tally):
    """Counts what a build event report says, one JSON object a line."""
    results = {}
    exit_name = None
    for line in lines:
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            break  # Bazel was ended in the middle of it: no event says that it finished
        identity = event["id"]
        if "testResult" in identity and "testResult" in event:
            test = identity["testResult"]
            # Later attempts of a flaky test replace the earlier ones.
            key = (test["label"], test.get("shard", 0), test.get("run", 0))
            results[key] = event["testResult"]
        elif "buildFinished" in identity and "finished" in event:
            exit_name = event["finished"].get("exitCode", {}).get("name")
    for (label, _, _), result in sorted(results.items()):
        _count_target(label, result, tally)
    if exit_name not in _BUILD_WAS_FINE:
        tally.add(f"the build ({exit_name or 'Bazel did not finish'})", False)


def main(arguments):
    """Counts the files and reports; see the head of this file."""
    tally = Tally()
    for argument in arguments:
        path = pathlib.Path(argument)
        text = path.read_text(errors="replace")
        if path.suffix == ".json":
            count_events(text.splitlines(), tally)
        else:
            tally.add(path.stem, text.strip() == "passed")
    for name in tally.failures:
        print(f"failed: {name}")
    print(f"{tally.passed} passed, {len(tally.failures)} failed")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
