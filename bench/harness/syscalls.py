"""How many system calls does a call cost a server? strace counts them in a round of its own: it
slows a server down so much that no other figure may come from that round."""

import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness import process

_ATTACH_SECONDS = 5
# It announces the threads one by one; after this time it has all of them.
_SETTLE_SECONDS = 0.2


def why_not():
    """Why system calls cannot be counted here; None when they can."""
    return None if shutil.which("strace") else "strace is not installed"


def parse(summary):
    """{system call: how often} out of what `strace -c` writes."""
    counts = {}
    for line in summary.splitlines():
        # % time, seconds, usecs/call, calls, perhaps errors, and the name.
        row = re.fullmatch(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)", line)
        if row and row[2] != "total":
            counts[row[2]] = int(row[1])
    return counts


def _wait_until_attached(tracer, messages):
    end = time.monotonic() + _ATTACH_SECONDS
    while time.monotonic() < end and tracer.poll() is None:
        messages.seek(0)
        if "attached" in messages.read():
            time.sleep(_SETTLE_SECONDS)
            return
        time.sleep(0.01)
    messages.seek(0)
    raise process.BenchError(f"strace cannot watch the server: {messages.read().strip()}")


def count(pid, work):
    """Does `work` and returns what system calls the process made meanwhile."""
    # Files, not pipes: strace has a word about every thread that comes or goes, and must not wait
    # for somebody to read it.
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as summary, \
            tempfile.TemporaryFile("w+") as messages:
        tracer = subprocess.Popen(
            ["strace", "-f", "-c", "-o", summary.name, "-p", str(pid)], stderr=messages)
        try:
            _wait_until_attached(tracer, messages)
            work()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        counts = parse(summary.read())
    if not counts:
        raise process.BenchError("strace has counted nothing")
    return counts
