"""How long does a polite client wait while another one floods the same server?"""

import math
import subprocess

from harness import figures, generators, process

FLOOD_CONNECTIONS = 10
FLOOD_STREAMS = 100
# The flood begins before the calls that count, since those have a warm-up, and ends after them.
MARGIN_SECONDS = 1


def measure(rig, scenario, programs, record, say):
    with rig.serving(programs, scenario, record) as running:
        for number in range(1, rig.rounds + 1):
            for server in running:
                if not record.is_active(server.name):
                    continue
                with record.attempt(server.name):
                    sample = one_sample(rig, scenario, server)
                    record.add(server.name, sample)
                    say(number, server.name, sample)


def one_sample(rig, scenario, server):
    alone = figures.latencies(victim(rig, scenario, server))
    command = generators.load_command(rig.load, server, scenario, [
        f"--connections={FLOOD_CONNECTIONS}", f"--streams={FLOOD_STREAMS}",
        f"--seconds={math.ceil(rig.seconds) + generators.WARM_UP_SECONDS + MARGIN_SECONDS}"])
    flood = process.start(command, rig.client_cores(scenario), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    try:
        beside = figures.latencies(victim(rig, scenario, server))
        if flood.poll() is not None:
            raise process.BenchError("the flood has ended too early")
        output, _ = flood.communicate(timeout=generators.PATIENCE_SECONDS)
        generators.parse_load(output)
    except subprocess.TimeoutExpired:
        raise process.BenchError("the flood does not end") from None
    finally:
        process.stop(flood)
        flood.stdout.close()
    server.check_alive()
    return beside | {"alone_p50_us": alone["p50_us"], "alone_p99_us": alone["p99_us"]}


def victim(rig, scenario, server):
    """A client that has one call at a time."""
    return rig.load_for(server, scenario, generators.timed(rig.seconds))
