"""grpc-go: its own interoperability client, at the version that go.mod pins."""

import pathlib
import subprocess

from harness import tools
from harness.outcome import Outcome

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "google.golang.org/grpc/interop/client"
CASE_SECONDS = 120

# Every case of that client but those that are about Google's own authentication.
CASES = (
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "timeout_on_sleeping_server",
    "cancel_after_begin",
    "cancel_after_first_response",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
    "pick_first_unary",
    "rpc_soak",
    "channel_soak",
    "orca_per_rpc",
    "orca_oob",
)

# Cases about what the server reports of its load need a balancer in the client that looks at it.
LOAD_REPORTS = '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'


class Judge:
    """Runs the client once for each case and transport."""

    name = "go"
    client = "grpc-go"
    needs = ("interop_server",)

    def __init__(self, programs):
        del programs
        self._program = None

    def prepare(self):
        self._program = tools.build_go(HERE, PACKAGE, "grpc_go_client")
        return tools.go_version(HERE, "google.golang.org/grpc")

    def run(self, target, test_case):
        for case in CASES:
            if test_case in (None, case):
                yield self._run_case(target, case)

    def _run_case(self, target, case):
        command = [self._program, "--server_host=localhost", f"--server_port={target.port}"]
        command.append(f"--test_case={case}")
        if target.ca_file:
            command += ["--use_tls", "--use_test_ca", f"--ca_file={target.ca_file}"]
        if case.startswith("orca_"):
            command.append(f"--service_config_json={LOAD_REPORTS}")
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=CASE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Outcome(self.client, case, target.transport, False, "did not end in time")
        said = done.stderr.strip().splitlines()
        why = "" if done.returncode == 0 else said[-1] if said else f"exit code {done.returncode}"
        return Outcome(self.client, case, target.transport, done.returncode == 0, why)
