"""How is a scenario of each kind measured, from start to end?"""

import time

from harness import closed_loop, cold_start, idle, neighbour, open_loop, scenarios
from harness.figures import FIGURES
from harness.record import Record

_PROCEDURES = {
    scenarios.CLOSED_LOOP: closed_loop.measure,
    scenarios.IDLE: idle.measure,
    scenarios.COLD_START: cold_start.measure,
    scenarios.OPEN_LOOP: open_loop.measure,
    scenarios.NEIGHBOUR: neighbour.measure,
}


def measure(rig, scenario, wanted, missing):
    """The Record of one scenario. Shows each sample as it comes."""
    record = Record(scenario, missing)
    programs = record.programs(wanted)
    for server, why in record.left_out.items():
        print(f"   without {server}: {why}", flush=True)

    def say(number, server, sample):
        shown = "  ".join(
            f"{FIGURES[name].text(sample.get(name))} {title(name, scenario.unit)}"
            for name in scenario.figures[:4] if sample.get(name) is not None)
        print(f"   round {number}/{rig.rounds}  {server:<26} {shown}", flush=True)

    start = time.monotonic()
    if scenario.tls and rig.certificate is None:
        for program in programs:
            record.failed[program.name] = "there is no openssl to make a certificate"
    elif programs:
        _PROCEDURES[scenario.procedure](rig, scenario, programs, record, say)
    record.seconds = time.monotonic() - start
    return record


def title(name, unit):
    return FIGURES[name].title.format(unit=unit)
