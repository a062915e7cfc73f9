"""How much does a call cost a server that always has the next one waiting?

The rounds of the servers take turns, so that a machine that drifts drifts for all of them: what
counts is the ratio inside one run.
"""

from harness import counters, figures, process, syscalls

_MIB = 1 << 20


def measure(rig, scenario, programs, record, say):
    with rig.serving(programs, scenario, record) as running:
        calls = {}
        for server in running:
            with record.attempt(server.name):
                calls[server.name] = warm_up(rig, scenario, server)
        for number in range(1, rig.rounds + 1):
            for server in running:
                if not record.is_active(server.name):
                    continue
                with record.attempt(server.name):
                    sample = one_sample(rig, scenario, server, calls[server.name])
                    record.add(server.name, sample)
                    say(number, server.name, sample)
        for server in running:
            if record.is_active(server.name):
                count_syscalls(rig, scenario, server, record, calls[server.name])


def warm_up(rig, scenario, server):
    """Returns how many calls fill the wanted time."""
    calls = scenario.warm_up_calls()
    rig.call(server, scenario, calls)
    seconds = rig.call(server, scenario, calls).seconds
    return max(calls, int(rig.seconds * calls / seconds))


def one_sample(rig, scenario, server, calls):
    """What the calls of one round cost, as figures."""
    counters.forget_peak(server.pid)
    before = counters.snapshot(server.pid)
    result = rig.call(server, scenario, calls)
    after = counters.snapshot(server.pid)
    return to_figures(scenario, result, before, after, counters.memory(server.pid))


def to_figures(scenario, result, before, after, memory):
    units = result.units(scenario.unit)
    if not units:
        raise process.BenchError(f"the generator reports no {scenario.unit}s")
    sample = counters.difference(before, after, units)
    sample["per_second"] = units / result.seconds
    sample["per_cpu_second"] = 1e6 / sample["cpu_us"] if sample["cpu_us"] else None
    sample["mib_per_second"] = result.payload_bytes / _MIB / result.seconds
    sample["rss_mib"], sample["peak_mib"] = (size / _MIB for size in memory)
    return sample | figures.latencies(result)


def count_syscalls(rig, scenario, server, record, calls):
    """In a round that nothing else is taken from: of so many calls, or fewer if that slows the
    server down. A figure that is missing is said, and no more."""
    if rig.syscall_counter is None:
        return
    if rig.syscall_counter == syscalls.STRACE:
        calls = scenario.traced_calls()
    results = []
    try:
        counts = syscalls.count(rig.syscall_counter, server.pid, lambda: results.append(
            rig.call(server, scenario, calls)))
    except process.BenchError as error:
        record.note(f"System calls of {server.name} are not counted: {error}.")
        return
    units = results[0].units(scenario.unit)
    record.extras[server.name] = {"syscalls": sum(counts.values()) / units}
    record.syscalls[server.name] = {name: count / units for name, count in counts.items()}
