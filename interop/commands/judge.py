"""Tools that operators use, at the versions that go.mod pins: grpcurl, which knows a server by
reflection alone, and grpc-health-probe, by which orchestrators find out whether it serves."""

import dataclasses
import json
import pathlib
import subprocess

from harness import tools
from harness.outcome import Outcome

HERE = pathlib.Path(__file__).resolve().parent
CASE_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Case:
    """One run of a command, and what must come of it."""

    name: str
    arguments: tuple  # Behind the address, which is behind `options`.
    says: str  # A part of its output.
    options: tuple = ()
    exit_code: int = 0


class _Judge:
    """Runs one command once for each case and transport."""

    needs = ("interop_server",)

    def __init__(self, programs):
        del programs
        self._program = None

    def prepare(self):
        self._program = tools.build_go(HERE, self.package, self.client)
        return tools.go_version(HERE, self.module)

    def run(self, target, test_case):
        for case in self.cases:
            if test_case in (None, case.name):
                why = self._complaint(case, [self._program, *self.command(target, case)])
                yield Outcome(self.client, case.name, target.transport, not why, why)

    @staticmethod
    def _complaint(case, command):
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=CASE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "did not end in time"
        if done.returncode == case.exit_code and case.says in done.stdout:
            return ""
        return f"exit code {done.returncode}, and it says {done.stdout.strip()[-200:]!r}"


class Grpcurl(_Judge):
    """Lists, describes and calls what it finds out by asking."""

    name = client = "grpcurl"
    module = "github.com/fullstorydev/grpcurl"
    package = f"{module}/cmd/grpcurl"
    cases = (
        Case("reflection_list", ("list",), "grpc.testing.TestService"),
        Case("reflection_methods", ("list", "grpc.testing.TestService"), "TestService.UnaryCall"),
        Case(
            "reflection_describe",
            ("describe", "grpc.testing.TestService"),
            "rpc FullDuplexCall ( stream .grpc.testing.StreamingOutputCallRequest )",
        ),
        Case("reflection_describe_all", ("describe",), "service Health {"),
        Case(
            "reflection_describe_imported",
            ("describe", "grpc.testing.Payload"),
            "bytes body = 2;",
        ),
        Case("reflection_unknown", ("describe", "no.Such"), "Symbol not found", exit_code=1),
        Case(
            "reflection_unary",
            ("grpc.testing.TestService/UnaryCall",),
            '"body": "AAA="',
            options=("-d", json.dumps({"response_size": 2})),
        ),
        Case(
            "reflection_stream",
            ("grpc.testing.TestService/FullDuplexCall",),
            '"body": "AAA="',
            options=("-d", json.dumps({"response_parameters": [{"size": 1}, {"size": 2}]})),
        ),
        Case("health_check", ("grpc.health.v1.Health/Check",), '"status": "SERVING"'),
        Case("health_list", ("grpc.health.v1.Health/List",), '"status": "SERVING"'),
        Case(
            "health_watch",
            ("grpc.health.v1.Health/Watch",),
            "SERVICE_UNKNOWN",
            options=("-max-time", "1", "-d", json.dumps({"service": "no.Such"})),
            exit_code=64 + 4,  # DEADLINE_EXCEEDED
        ),
    )

    @staticmethod
    def command(target, case):
        secure = ["-cacert", target.ca_file] if target.ca_file else ["-plaintext"]
        return [*secure, *case.options, f"localhost:{target.port}", *case.arguments]


class HealthProbe(_Judge):
    """Asks once, and says the answer with its exit code."""

    name = client = "grpc-health-probe"
    module = package = "github.com/grpc-ecosystem/grpc-health-probe"
    cases = (
        Case("health_check", (), "status: SERVING"),
        Case("health_unknown", ("-service=no.Such",), "NotFound", exit_code=3),
    )

    @staticmethod
    def command(target, case):
        secure = ["-tls", f"-tls-ca-cert={target.ca_file}"] if target.ca_file else []
        return [*secure, f"-addr=localhost:{target.port}", *case.arguments]
