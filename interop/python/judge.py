"""gRPC Python: the driver of this folder, on grpcio at the version that requirements.txt pins."""

import pathlib

from client.judge import lines_of
from harness import tools

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REQUIREMENTS = HERE / "requirements.txt"
PROTOS = tuple(
    f"interop/protos/{name}.proto"
    for name in ("empty", "messages", "test", "xds/load_report", "xds/open_rca")
)


class _Judge:
    """Runs the driver once for each transport, in one of its styles."""

    style = ""
    needs = ("interop_server",)

    def __init__(self, programs):
        del programs
        self._python = self._stubs = None

    def prepare(self):
        self._python = tools.python_environment(REQUIREMENTS)
        self._stubs = tools.python_stubs(self._python, ROOT, PROTOS)
        return tools.pinned_python_version(REQUIREMENTS, "grpcio")

    def run(self, target, test_case):
        # -I: nothing of the user's, neither packages nor settings.
        command = [self._python, "-IB", HERE / "driver.py", f"--stubs={self._stubs}"]
        command += [f"--style={self.style}", f"--server_port={target.port}"]
        if test_case:
            command.append(f"--test_case={test_case}")
        if target.ca_file:
            command.append(f"--ca_file={target.ca_file}")
        yield from lines_of(command, self.client, target.transport)


class SyncJudge(_Judge):
    name = "python"
    client = "grpcio"
    style = "sync"


class AsyncioJudge(_Judge):
    name = "asyncio"
    client = "grpcio asyncio"
    style = "asyncio"
