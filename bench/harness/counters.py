"""What has a server used so far? Processor time, context switches and memory, as the kernel counts
them in /proc."""

import dataclasses
import os
import pathlib
import re

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Thread:
    """What one thread has used since it began."""

    nanoseconds: int
    voluntary: int  # context switches because it waited
    involuntary: int  # because another was to run


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What a process has used since it began.

    The nanoseconds of the threads are exact; the ticks of the process are the kernel's sampling,
    and the only source for the division into user and system.
    """

    threads: dict
    user_ticks: int
    system_ticks: int


def parse_thread(schedstat, status):
    """A Thread out of the texts of the two files in /proc/PID/task/TID."""
    switches = dict(re.findall(r"^(\w+)_ctxt_switches:\s*(\d+)$", status, re.MULTILINE))
    return Thread(int(schedstat.split()[0]), int(switches["voluntary"]),
                  int(switches["nonvoluntary"]))


def snapshot(pid):
    process = pathlib.Path("/proc") / str(pid)
    threads = {}
    for task in (process / "task").iterdir():
        try:
            threads[task.name] = parse_thread((task / "schedstat").read_text(),
                                              (task / "status").read_text())
        except OSError:  # The thread has ended meanwhile.
            continue
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return Snapshot(threads, int(fields[11]), int(fields[12]))


def difference(before, after, units):
    """What `units` calls or messages have cost each: microseconds and context switches.

    Threads that ended took their exact counts along: their time is then known in ticks only, and
    the number of context switches is not known (None).
    """
    user = after.user_ticks - before.user_ticks
    system = after.system_ticks - before.system_ticks
    voluntary = involuntary = None
    if before.threads.keys() <= after.threads.keys():
        nanoseconds = _grown(before, after, "nanoseconds")
        voluntary = _grown(before, after, "voluntary") / units
        involuntary = _grown(before, after, "involuntary") / units
    else:
        nanoseconds = (user + system) * 1_000_000_000 // _TICKS_PER_SECOND
    cpu = nanoseconds / 1000 / units
    share = user / (user + system) if user + system else 0
    return {"cpu_us": cpu, "user_us": cpu * share, "system_us": cpu * (1 - share),
            "voluntary": voluntary, "involuntary": involuntary}


def _grown(before, after, field):
    return (sum(getattr(thread, field) for thread in after.threads.values()) -
            sum(getattr(thread, field) for thread in before.threads.values()))


def memory(pid):
    """(resident bytes now, most resident bytes since the start or forget_peak)."""
    status = (pathlib.Path("/proc") / str(pid) / "status").read_text()
    kilobytes = dict(re.findall(r"^(VmRSS|VmHWM):\s*(\d+) kB$", status, re.MULTILINE))
    return int(kilobytes["VmRSS"]) * 1024, int(kilobytes["VmHWM"]) * 1024


def forget_peak(pid):
    """Lets the peak of the resident memory begin anew (proc(5), clear_refs)."""
    try:
        (pathlib.Path("/proc") / str(pid) / "clear_refs").write_text("5")
    except OSError:  # Not every kernel has it; then the peak is that of the whole scenario.
        pass
