"""How does a program run on chosen cores, and how does it end?"""

import contextlib
import os
import signal
import subprocess

STOP_SECONDS = 10


class BenchError(Exception):
    """Why a measurement is worth nothing, in one sentence."""


@contextlib.contextmanager
def on_cores(cores):
    """Programs that are started meanwhile run on these cores, and stay there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start(command, cores, **options):
    """A running program. It inherits its cores, so that no other program is executed before it."""
    with on_cores(cores):
        return subprocess.Popen([str(word) for word in command], text=True, **options)


def run(command, cores, seconds):
    """Runs a program to its end: (exit code, standard output, standard error)."""
    process = start(command, cores, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise BenchError(f"{name(command)} did not end within {seconds:.0f} s") from None
    except BaseException:
        process.kill()
        raise
    return process.returncode, output, errors


def name(command):
    return os.path.basename(str(command[0]))


def stop(process):
    """Asks a program to end, and makes it end if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
