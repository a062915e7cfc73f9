"""How is weir's server built with a profile of calls? docs/PERFORMANCE.md tells users the same.

g++ lays the code out for what an instrumented server was seen to do. Both builds must have the same
paths, since the profile's files are named after them; Bazel does not know these files, so a folder
of its own for each profile makes it compile anew.
"""

import os
import pathlib
import subprocess
import tempfile

import pinned

from harness import generators, process, scenarios, servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = "bench/greeter_server"
PROGRAMS = ROOT / "bazel-profiled-bin"

# The sandbox would hide the profile.
_FLAGS = ("--config=lto", "--spawn_strategy=local", "--platform_suffix=-profiled",
          "--symlink_prefix=bazel-profiled-")
_TRAIN_SECONDS = 2

# What it is trained with, always by the load client.
_SCENARIOS = ("10x100", "10x10", "100x1", "1x1", "headers-grpc-go")


def build(program, load):
    """Path of the server, built for the calls that it gets from the load client."""
    with tempfile.TemporaryDirectory(prefix="weir_profile_") as folder:
        _bazel(f"-fprofile-generate={folder}", "-fprofile-update=prefer-atomic")
        _train(program, load)
        if not any(pathlib.Path(folder).rglob("*.gcda")):
            raise pinned.Missing("the instrumented server has left no profile")
        _bazel(f"-fprofile-use={folder}", "-fprofile-partial-training", "-fprofile-correction",
               "-Wno-missing-profile")
    return PROGRAMS / TARGET


def _bazel(first, *others):
    """The first flag is the linker's, too."""
    flags = [f"--copt={flag}" for flag in (first, *others)] + [f"--linkopt={first}"]
    target = "//" + TARGET.replace("/", ":")
    if subprocess.run(["bazel", "build", *_FLAGS, *flags, target], check=False,
                      cwd=ROOT).returncode != 0:
        raise process.BenchError("the server does not build with a profile")


def _train(program, load):
    """The server writes what it has seen when it ends properly."""
    cores = os.sched_getaffinity(0)
    with servers.stopping(servers.Server(program, PROGRAMS / TARGET, cores)) as server:
        for name in _SCENARIOS:
            command = generators.load_command(
                load, server, scenarios.by_name()[name], generators.timed(_TRAIN_SECONDS))
            generators.run(command, cores, _TRAIN_SECONDS, generators.parse_load)
