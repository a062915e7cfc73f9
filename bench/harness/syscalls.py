"""How many system calls does a call cost a server? They are counted in a round of its own, since
whoever counts them slows the server down.

perf does that a little only. strace, where perf may not, does it a lot: a slow server finds more to
do at a time, so that it needs fewer system calls than otherwise; but strace knows their names.
"""

import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness import process

PERF = "perf"
STRACE = "strace"
_EVENT = "raw_syscalls:sys_enter"

_ATTACH_SECONDS = 5
# Both announce, if anything, the first thread that they watch; after this time they have all.
_SETTLE_SECONDS = 0.3


def choose():
    """(PERF or STRACE, ""), or (None, why neither can be used)."""
    if shutil.which("perf"):
        tried = subprocess.run(["perf", "stat", "-x,", "-e", _EVENT, "true"], check=False,
                               capture_output=True, text=True)
        if tried.returncode == 0 and parse_perf(tried.stderr):
            return PERF, ""
    if shutil.which("strace"):
        return STRACE, ""
    return None, "neither perf (with the right to trace) nor strace is there"


def parse_perf(text):
    """{"all": how many system calls} out of what `perf stat -x,` writes."""
    found = re.search(rf"^(\d+),[^,]*,{re.escape(_EVENT)},", text, re.MULTILINE)
    return {"all": int(found[1])} if found else {}


def parse_strace(summary):
    """{system call: how often} out of what `strace -c` writes."""
    counts = {}
    for line in summary.splitlines():
        # % time, seconds, usecs/call, calls, perhaps errors, and the name.
        row = re.fullmatch(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)", line)
        if row and row[2] != "total":
            counts[row[2]] = int(row[1])
    return counts


def _wait_until_attached(tool, tracer, messages):
    end = time.monotonic() + _ATTACH_SECONDS
    while tool == STRACE and time.monotonic() < end and tracer.poll() is None:
        messages.seek(0)
        if "attached" in messages.read():
            break
        time.sleep(0.01)
    time.sleep(_SETTLE_SECONDS)
    if tracer.poll() is not None:
        messages.seek(0)
        raise process.BenchError(f"{tool} cannot watch the server: {messages.read().strip()}")


def count(tool, pid, work):
    """Does `work` and returns what system calls the process made meanwhile."""
    # Files, not pipes: strace has a word about every thread that comes or goes, and must not wait
    # for somebody to read it.
    with tempfile.NamedTemporaryFile("r", suffix=".count") as summary, \
            tempfile.TemporaryFile("w+") as messages:
        if tool == PERF:
            command = ["perf", "stat", "-x,", "-e", _EVENT, "-o", summary.name, "-p", str(pid)]
        else:
            command = ["strace", "-f", "-c", "-o", summary.name, "-p", str(pid)]
        tracer = subprocess.Popen(command, stderr=messages)
        try:
            _wait_until_attached(tool, tracer, messages)
            work()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        text = summary.read()
    counts = parse_perf(text) if tool == PERF else parse_strace(text)
    if not counts:
        raise process.BenchError(f"{tool} has counted nothing")
    return counts
