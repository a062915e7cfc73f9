#!/usr/bin/env python3
"""Does a call still cost what it should? Measures what does not depend on the speed of a machine
(instructions, allocations, system calls, bytes), on bench/greeter_server as a process of its own,
and compares with bounds.txt. Exits with 0 when every figure is within its bound.

  ./dev gate                    everything
  ./dev gate inline memory      the figures whose names contain one of these words
"""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import client

WARM_UP = 5  # batches
# Between the two runs that are compared. A server makes some system calls by the clock (it looks at
# its memory), and how many of them fall into a run is chance: ten more or less.
BATCHES = {"instructions": 50, "allocations": 50, "system calls": 500}
SERVER_SECONDS = 60  # valgrind starts slowly

IDLE_BEFORE, IDLE_CONNECTIONS = 500, 2000
STREAMS_EACH, IDLE_STREAMS = 100, 20_000
SETTLE_SECONDS = 15  # buffers go back after a second, what they leave behind a little later
STARTS = 5


class Unable(Exception):
    """Something is missing here, or does not work; the text says what to do."""


# ---- the server ----------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(program, execution, tool=()):
    """(process, port) of a server, run by a tool if there is one. It must stop properly."""
    command = [*tool, str(program), "--port=0", f"--execution={execution}", "--threads=1"]
    # What is counted is to be what happens at full speed.
    command += ["--ignore_service_time"] if tool else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            ready = re.fullmatch(r"listening on .*:(\d+)\n", line)
            if not ready:
                raise Unable(f"{' '.join(command)} does not start: it says {line!r}")
            yield process, int(ready[1])
            is_traced = bool(tool) and tool[0] == "strace"
            os.kill(_child_of(process.pid) if is_traced else process.pid, signal.SIGTERM)
            if process.wait(SERVER_SECONDS) != 0:
                raise Unable(f"the server ended with {process.returncode} after SIGTERM")
        finally:
            process.kill()


def _child_of(pid):
    """strace keeps signals to itself."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


# ---- what a call costs ---------------------------------------------------------------------------


def _instructions(folder):
    out = folder / "callgrind"
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    tool += [f"--log-file={folder / 'log'}"]
    return tool, lambda: _sum_in(out, r"^(?:summary|totals): (\d+)")


def _allocations(folder):
    log = folder / "log"
    return (
        ["valgrind", "--leak-check=no", f"--log-file={log}"],
        lambda: _sum_in(log, r"total heap usage: ([\d,]+) allocs"),
    )


def _system_calls(folder):
    out = folder / "strace"
    return (
        ["strace", "--follow-forks", "--summary-only", f"--output={out}"],
        lambda: _sum_in(out, r"^ *100[.,]00 +\S+ +\S+ +(\d+)"),
    )


TOOLS = {"instructions": _instructions, "allocations": _allocations, "system calls": _system_calls}


def _sum_in(path, pattern):
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if not found:
        raise Unable(f"{path.name} does not say what it counted")
    return int(found[1].replace(",", ""))


def _count(program, execution, what, batches, call):
    """What the whole process did for so many batches, and for starting and stopping."""
    with tempfile.TemporaryDirectory() as folder:
        tool, result = TOOLS[what](pathlib.Path(folder))
        with serving(program, execution, tool) as (_, port):
            connection = client.Connection(port)
            for _ in range(batches):
                call(connection)
            connection.close()
        return result()


def cost(program, execution, what, call):
    """Of a batch, in steady state: the difference of two runs."""
    few = _count(program, execution, what, WARM_UP, call)
    many = _count(program, execution, what, WARM_UP + BATCHES[what], call)
    return round((many - few) / BATCHES[what], 1)


# ---- memory --------------------------------------------------------------------------------------


def resident(process):
    """Resident bytes of a process, all of them."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


def settled(process):
    """What stays when nothing happens."""
    lowest = resident(process)
    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        time.sleep(0.5)
        lowest = min(lowest, resident(process))
    return lowest


def idle_server(program):
    with serving(program, "inline") as (process, _):
        return resident(process) / 1024


def _each(program, execution, open_one, before, count):
    """Bytes for each of `count`, on top of `before` that are there already."""
    with serving(program, execution) as (process, port):
        kept = [open_one(port) for _ in range(before)]
        base = settled(process)
        kept += [open_one(port) for _ in range(count)]
        grown = settled(process) - base
        for each in kept:
            each.close()
        return grown / count


def _connection_after_a_call(port):
    connection = client.Connection(port)
    connection.call(1)
    return connection


def _connection_with_streams(port):
    connection = client.Connection(port)
    connection.open_streams(STREAMS_EACH)
    return connection


def idle_connection(program):
    return _each(program, "inline", _connection_after_a_call, IDLE_BEFORE, IDLE_CONNECTIONS)


def idle_stream(program):
    connections = IDLE_STREAMS // STREAMS_EACH
    of_connection = _each(
        program, "coroutine", _connection_with_streams, connections // 4, connections
    )
    return of_connection / STREAMS_EACH


# ---- start ---------------------------------------------------------------------------------------


def first_answer(program):
    """Milliseconds from exec to the first answer; the best of some: others use the machine, too."""
    best = float("inf")
    for _ in range(STARTS):
        begin = time.monotonic()
        with serving(program, "inline") as (_, port):
            connection = client.Connection(port)
            connection.call(1)
            best = min(best, time.monotonic() - begin)
            connection.close()
    return best * 1000


# ---- bounds --------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Bound:
    figure: str
    most: float
    unit: str

    def measure(self, program):
        if self.figure in WHOLE:
            return WHOLE[self.figure](program)
        shape = re.fullmatch(r"(\w+) (\d+) at a time(, new headers)?: (.*)", self.figure)
        if not shape or shape[4] not in TOOLS:
            raise Unable(f"bounds.txt has a figure that nobody measures: {self.figure!r}")
        execution, batch, is_new, what = shape[1], int(shape[2]), bool(shape[3]), shape[4]
        total = cost(program, execution, what, lambda connection: connection.call(batch, is_new))
        return round(total / batch, 1) + 0.0 if self.unit == "a call" else total


WHOLE = {
    "idle server: memory": idle_server,
    "idle connection: memory": idle_connection,
    "idle stream of a coroutine: memory": idle_stream,
    "start: time to the first answer": first_answer,
}


def read_bounds(text):
    bounds = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            figure, most, unit = re.split(r" {2,}", line)
            bounds.append(Bound(figure, float(most), unit))
    return bounds


def main():
    parser = argparse.ArgumentParser(prog="./dev gate", description=__doc__.split("\n\n")[0])
    parser.add_argument("word", nargs="*", help="measure figures whose names contain one of these")
    parser.add_argument("--server", required=True, help="bench/greeter_server")
    arguments = parser.parse_args()
    for tool in ("valgrind", "strace"):
        if not shutil.which(tool):
            sys.exit(f"gate: {tool} is missing; ./dev setup installs it")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))

    bounds = read_bounds((HERE / "bounds.txt").read_text())
    wanted = [b for b in bounds if not arguments.word or any(w in b.figure for w in arguments.word)]
    if not wanted:
        sys.exit(f"gate: bounds.txt has no figure with {' or '.join(arguments.word)} in its name")
    exceeded = 0
    print(f"{'figure':<50} {'measured':>9} {'bound':>7}")
    for bound in wanted:
        figure = bound.measure(arguments.server)
        is_within = figure <= bound.most
        exceeded += not is_within
        verdict = "" if is_within else "  TOO MUCH"
        measured = f"{bound.figure:<50} {figure:9.1f} {bound.most:7g}  {bound.unit}"
        print(measured + verdict, flush=True)
    print(f"{len(wanted) - exceeded} of {len(wanted)} figures are within their bounds")
    return 1 if exceeded else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Unable, client.Failed) as sentence:
        sys.exit(f"gate: {sentence}")
