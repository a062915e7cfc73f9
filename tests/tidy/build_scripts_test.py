#!/usr/bin/env python3
"""Do the scripts behind `./dev test` and `./dev compdb` count and list correctly?"""

import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True


def load(name):
    """A script of third_party/bazel as a module."""
    path = pathlib.Path(__file__).resolve().parents[2] / "third_party" / "bazel" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


count_tests = load("count_tests")
compdb = load("compdb")

GTEST_XML = """<?xml version="1.0"?>
<testsuites><testsuite name="Frame">
  <testcase name="Reads" classname="Frame" status="run" result="completed"/>
  <testcase name="Refuses" classname="Frame" status="run" result="completed">
    <failure message="no"/></testcase>
  <testcase name="DISABLED_Later" classname="Frame" status="notrun" result="suppressed"/>
  <testcase name="Skips" classname="Frame" status="run" result="skipped"><skipped/></testcase>
</testsuite></testsuites>"""

ONE_CASE_XML = '<testsuites><testsuite><testcase name="x" status="run"/></testsuite></testsuites>'


class CountTests(unittest.TestCase):
    """Counting what Bazel reports."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def result(self, label, status, xml=None, shard=1, attempt=1):
        """One event of a test that ended with `status` and wrote `xml`."""
        outputs = [{"name": "test.log", "uri": "file:///nowhere"}]
        if xml is not None:
            path = self.folder / f"{label.strip('/').replace(':', '_')} {shard}.{attempt}.xml"
            path.write_text(xml)
            outputs.append({"name": "test.xml", "uri": path.as_uri()})
        identity = {"label": label, "run": 1, "shard": shard, "attempt": attempt}
        return {
            "id": {"testResult": identity},
            "testResult": {"status": status, "testActionOutput": outputs},
        }

    def count(self, events, exit_name="SUCCESS"):
        """(passed, names of failures) of a report with these events."""
        if exit_name:
            finished = {"exitCode": {"name": exit_name}}
            events = events + [{"id": {"buildFinished": {}}, "finished": finished}]
        tally = count_tests.Tally()
        count_tests.count_events([json.dumps(event) for event in events], tally)
        return tally.passed, tally.failures

    def test_cases_count_one_by_one_and_those_that_did_not_run_do_not(self):
        self.assertEqual(count_tests.cases_of(GTEST_XML),
                         [("Frame.Reads", True), ("Frame.Refuses", False)])
        counted = self.count([self.result("//a:b", "FAILED", GTEST_XML)], "TESTS_FAILED")
        self.assertEqual(counted, (1, ["//a:b Frame.Refuses"]))

    def test_a_script_counts_as_one(self):
        self.assertEqual(self.count([self.result("//a:b", "PASSED", ONE_CASE_XML)]), (1, []))
        self.assertEqual(self.count([self.result("//a:b", "PASSED")]), (1, []))
        self.assertEqual(self.count([self.result("//a:b", "FAILED", ONE_CASE_XML)]),
                         (0, ["//a:b"]))

    def test_a_target_that_failed_without_a_failed_case_has_one_failure(self):
        passing = GTEST_XML.replace('<failure message="no"/>', "")
        counted = self.count([self.result("//a:b", "TIMEOUT", passing)])
        self.assertEqual(counted, (2, ["//a:b (TIMEOUT)"]))
        self.assertEqual(self.count([self.result("//a:b", "FAILED", "<testsui")]),
                         (0, ["//a:b"]))

    def test_the_last_attempt_decides_and_shards_add_up(self):
        events = [
            self.result("//a:b", "FAILED", attempt=1),
            self.result("//a:b", "PASSED", attempt=2),
            self.result("//a:b", "PASSED", shard=2),
        ]
        self.assertEqual(self.count(events), (2, []))

    def test_a_build_that_failed_is_one_failure(self):
        events = [self.result("//a:b", "PASSED")]
        self.assertEqual(self.count(events, "BUILD_FAILURE"), (1, ["the build (BUILD_FAILURE)"]))
        self.assertEqual(self.count([], None), (0, ["the build (Bazel did not finish)"]))
        self.assertEqual(self.count([], "NO_TESTS_FOUND"), (0, []))

    def test_the_last_line_is_the_total_of_all_files(self):
        report = self.folder / "opt.json"
        finished = {"id": {"buildFinished": {}}, "finished": {"exitCode": {"name": "SUCCESS"}}}
        events = [self.result("//a:b", "PASSED"), finished]
        report.write_text("\n".join(json.dumps(event) for event in events))
        good, bad = self.folder / "good.outcome", self.folder / "bad.outcome"
        good.write_text("passed\n")
        bad.write_text("failed\n")
        self.assertEqual(self.run_main(report, good), (0, ["2 passed, 0 failed"]))
        self.assertEqual(self.run_main(report, good, bad),
                         (1, ["failed: bad", "2 passed, 1 failed"]))

    def run_main(self, *paths):
        """(exit code, lines printed) of the program on some files."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = count_tests.main([str(path) for path in paths])
        return code, output.getvalue().splitlines()


class CompilationDatabase(unittest.TestCase):
    """Turning Bazel's actions into compile_commands.json."""

    def test_each_source_of_ours_has_one_entry(self):
        def action(source):
            return {"arguments": ["gcc", "-fno-canonical-system-headers", "-c", source]}

        answer = {"actions": [
            action("server/b.cc"), action("server/a.cc"), action("server/a.cc"),
            action("external/x/c.cc"), {"arguments": ["gcc"]}, {},
        ]}
        self.assertEqual(compdb.database(answer, "/root/of/it"), [
            {"directory": "/root/of/it", "arguments": ["gcc", "-c", name], "file": name}
            for name in ("server/a.cc", "server/b.cc")
        ])


if __name__ == "__main__":
    unittest.main()
