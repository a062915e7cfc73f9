"""connectrpc's conformance suite, at the version that go.mod pins, against conformance_server.

The suite brings two clients: connect-go, whose view of the wire is its own, and grpc-go. Nothing is
left out of what it has for gRPC over HTTP/2, and there is no list of known failures.
"""

import collections
import pathlib
import re
import subprocess
import tempfile

from harness import tools
from harness.outcome import Outcome

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "connectrpc.com/conformance/cmd/connectconformance"
SUITE_SECONDS = 300

# Cases of the pinned version with config.yaml. Fewer would mean that something was left out.
CASES = 924


class Judge:
    """Runs the whole suite once: it starts the servers itself."""

    name = "conformance"
    client = "connect conformance"
    needs = ("conformance_server",)
    brings_servers = True

    def __init__(self, programs):
        self._server = programs.conformance_server
        self._program = None

    def prepare(self):
        self._program = tools.build_go(HERE, PACKAGE, "connectconformance")
        return tools.go_version(HERE, "connectrpc.com/conformance")

    def run(self):
        """One outcome for each group of cases and transport."""
        command = [self._program, "--conf", HERE / "config.yaml", "--mode", "server", "--vv"]
        command += ["--", self._server]
        # Into a file: the suite's own output may be long, and is wanted only if something fails.
        with tempfile.TemporaryFile("w+") as output:
            try:
                code = subprocess.run(
                    command, stdout=output, stderr=subprocess.STDOUT, timeout=SUITE_SECONDS,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                code = None
            output.seek(0)
            text = output.read()
        cases, failed = _cases(text)
        yield from self._groups(cases, failed)
        if code == 0 and len(cases) >= CASES and not failed:
            return
        print(_without_progress(text), end="", flush=True)
        if not failed:
            # No case to blame, and yet not everything was run.
            why = f"exit code {code}, {len(cases)} of {CASES} cases"
            yield Outcome(self.client, "the suite itself", "h2c", False, why)

    def _groups(self, cases, failed):
        groups = collections.defaultdict(list)
        for case in cases:
            groups[_group(case), _transport(case)].append(case)
        for (group, transport), members in sorted(groups.items()):
            bad = [case for case in members if case in failed]
            passed = f"{len(members) - len(bad)} of {len(members)}"
            yield Outcome(self.client, group, transport, not bad, passed)


def _cases(text):
    """Names of all cases that were answered, and of those that failed."""
    answered = set(re.findall(r'^Received response for "(.*)"\.\.\.$', text, re.MULTILINE))
    failed = set(re.findall(r"^FAILED: (.*):$", text, re.MULTILINE))
    return answered | failed, failed


def _without_progress(text):
    progress = re.compile(r'(Sending request for|Received response for) "')
    return "".join(line for line in text.splitlines(True) if not progress.match(line))


def _group(case):
    client = "grpc-go" if "/(grpc client impl)/" in case else "connect-go"
    return f"{case.partition('/')[0]} ({client})"


def _transport(case):
    # What is about certificates has no word for it in its names.
    return "TLS" if "/TLS:true/" in case or case.startswith("TLS ") else "h2c"
