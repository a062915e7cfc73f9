"""How much memory does a connection, or a stream, hold that does nothing?"""

import contextlib
import json
import resource
import select
import subprocess
import time

from harness import counters, generators, process, servers

_MIB = 1 << 20
# Opening ten thousand connections, or a hundred thousand streams, on a slow server.
READY_SECONDS = 300
# For what a server allocates, or frees, a little later: buffers of connections that have fallen
# silent, and pages that the allocator gives back to the system.
SETTLE_SECONDS = 1
SILENT_SECONDS = 8
# Descriptors that a process needs besides its connections.
OTHER_FILES = 200
# More of them show nothing: memory hardly varies.
ROUNDS_MAX = 3


def raise_file_limit(wanted):
    """Allows this process and those it starts as many descriptors as it can; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((max(soft, wanted), max(hard, wanted)), (hard, hard)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            break
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def measure(rig, scenario, programs, record, say):
    """One server at a time: what one frees must not help another."""
    allowed = raise_file_limit(scenario.connections + OTHER_FILES) - OTHER_FILES
    connections = min(scenario.connections, allowed)
    if connections < scenario.connections:
        record.note(f"The limit of open files allows {connections:,} connections only.")
    flags = ["--idle", f"--connections={connections}"]
    for number in range(1, min(rig.rounds, ROUNDS_MAX) + 1):
        for program in programs:
            if not record.is_active(program.name):
                continue
            with record.attempt(program.name):
                sample = one_sample(rig, scenario, program, flags,
                                    connections * scenario.streams)
                record.add(program.name, sample)
                say(number, program.name, sample)


def one_sample(rig, scenario, program, flags, count):
    with servers.stopping(rig.start(program, scenario)) as server:
        servers.check_answers(server, rig.checker, rig.client_cores(scenario))
        time.sleep(SETTLE_SECONDS)
        before, _ = counters.memory(server.pid)
        with holding(rig, scenario, server, flags, count):
            time.sleep(SILENT_SECONDS)
            after, _ = counters.memory(server.pid)
            server.check_alive()
    return {"bytes_each": (after - before) / count, "rss_before_mib": before / _MIB,
            "rss_mib": after / _MIB}


def check_held(output, count):
    """BenchError unless the load client's JSON says that it has held so many, without a failure."""
    try:
        report = json.loads(output)
        held, failed = report["connections"] * report["streams"], report["failed"]
    except (ValueError, KeyError, TypeError) as error:
        raise process.BenchError(f"the load client's report cannot be read: {error!r}") from error
    if failed:
        raise process.BenchError(f"{failed} calls have failed: {report.get('first_failure')}")
    if held != count:
        raise process.BenchError(f"the load client has held {held:,} instead of {count:,}")


@contextlib.contextmanager
def holding(rig, scenario, server, flags, count):
    """The load client, idle: `count` connections or streams are open during the block."""
    command = generators.load_command(rig.load, server, scenario, flags)
    client = process.start(command, rig.client_cores(scenario), stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    try:
        ready, _, _ = select.select([client.stdout], [], [], READY_SECONDS)
        line = client.stdout.readline() if ready else ""
        if line.strip() != "ready":
            process.stop(client)
            said = client.stderr.read().strip()
            raise process.BenchError(f"the connections do not open: {said or line!r}")
        yield
        if client.poll() is not None:
            raise process.BenchError(f"the load client has ended: {client.stderr.read().strip()}")
        process.stop(client)
        check_held(client.stdout.read(), count)
    finally:
        process.stop(client)
        client.stdout.close()
        client.stderr.close()
