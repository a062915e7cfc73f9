"""What does somebody need to know about the machine to compare these figures with others?"""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import time

from harness import foreign, idle
from harness.process import BenchError


def _output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip().split("\n")[0] or "unknown"


def _package(name):
    return _output("dpkg-query", "-W", "-f", "${Version}", name)


def check(arguments):
    """BenchError when nothing can be measured here."""
    if shutil.which("h2load") is None:
        raise BenchError("h2load is missing; ./dev setup installs it")
    available = os.sched_getaffinity(0)
    for core in (arguments.server_core, arguments.client_core):
        if core not in available:
            raise BenchError(f"there is no core {core} here; use --server-core and --client-core")
    if arguments.server_core == arguments.client_core:
        print("bench: the server and its client share a core: CPU times still count, "
              "calls/s and latencies do not")


def _network():
    """What changes the price of a connection on the loopback."""
    path = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    return "-".join(path.read_text().split()) if path.exists() else "unknown"


def describe(arguments, command, system_calls):
    """{what: value}, in the order in which it is shown. `system_calls` says who counts them."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    cpu = re.search(r"^model name\s*: (.*)$", info, re.MULTILINE)
    out = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} CPUs",
        "kernel": platform.release(),
        "compiler": _output("g++", "--version"),
        "h2load": _output("h2load", "--version"),
        "gRPC C++": _package("libgrpc++-dev"),
        **foreign.versions(),
        "protobuf": _package("libprotobuf-dev"),
        "OpenSSL": _package("libssl-dev"),
        "open files": f"at most {idle.raise_file_limit(0):,}",
        "local ports": _network(),
        "command": "./dev bench " + " ".join(command),
        "servers": f"one worker thread, pinned to core {arguments.server_core}",
        "clients": f"one thread, pinned to core {arguments.client_core}",
        "rounds": f"{arguments.rounds}, of about {arguments.seconds:g} s, the servers taking turns",
    }
    return out | {"system calls": system_calls}
