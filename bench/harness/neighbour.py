"""How long does a polite client wait while another one floods the same server?"""

import subprocess

from harness import figures, generators, process

FLOOD_CONNECTIONS = 10
FLOOD_STREAMS = 100
WARM_UP_SECONDS = 0.3
# The flood begins before the measured calls and ends after them.
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
    alone = figures.latencies(victim(rig, scenario, server, WARM_UP_SECONDS))
    command = generators.load_command(rig.load, server, scenario, [
        f"--connections={FLOOD_CONNECTIONS}", f"--streams={FLOOD_STREAMS}",
        f"--seconds={rig.seconds + 2 * MARGIN_SECONDS:g}"])
    flood = process.start(command, rig.client_cores(scenario), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    try:
        beside = figures.latencies(victim(rig, scenario, server, MARGIN_SECONDS))
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


def victim(rig, scenario, server, warm_up_seconds):
    """A client that has one call at a time."""
    return rig.load_for(server, scenario, [
        f"--seconds={rig.seconds:g}", f"--warm_up_seconds={warm_up_seconds:g}"])
