"""gRPC C++: the driver of this folder, on the system's libgrpc++."""

import re
import subprocess
import threading

from harness.outcome import Outcome

# For all cases over one transport; they take seconds.
DRIVER_SECONDS = 300


class Judge:
    """Runs the driver once for each transport; it goes through its cases itself."""

    name = "cpp"
    client = "gRPC C++"
    needs = ("interop_server", "interop_client")

    def __init__(self, programs):
        self._program = programs.interop_client

    def prepare(self):
        return self._program and subprocess.run(
            [self._program, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()

    def run(self, target, test_case):
        command = [self._program, "--server_host=127.0.0.1", f"--server_port={target.port}"]
        command.append(f"--test_case={test_case or 'all'}")
        if target.ca_file:
            command += ["--use_tls", f"--ca_file={target.ca_file}"]
        yield from lines_of(command, self.client, target.transport)


def lines_of(command, client, transport):
    """Outcomes out of a driver's lines `CASE passed ...` and `CASE FAILED ...`.

    What is indented explains the line before. A driver that hangs, tells of no case, or ends
    otherwise than its lines say has failed.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        patience = threading.Timer(DRIVER_SECONDS, process.kill)
        patience.start()
        failed = cases = 0
        for line in process.stdout:
            found = re.match(r"(\w+) +(passed|FAILED)", line)
            if found:
                cases += 1
                failed += found[2] == "FAILED"
                yield Outcome(client, found[1], transport, found[2] == "passed")
            else:
                print(line, end="", flush=True)
        code = process.wait()
        patience.cancel()
    if cases == 0:
        yield Outcome(client, "the driver itself", transport, False, f"no case; exit code {code}")
    elif (code == 0) != (failed == 0):
        yield Outcome(client, "the driver itself", transport, False, f"exit code {code}")
