"""How long do calls take when they come at a given rate, whatever the server does?"""

from harness import figures, generators


def measure(rig, scenario, programs, record, say):
    with rig.serving(programs, scenario, record) as running:
        for server in running:
            if server.name not in rig.peaks:
                with record.attempt(server.name):
                    rig.peaks[server.name] = find_peak(rig, scenario, server)
                    print(f"   {server.name}: peak {rig.peaks[server.name]:,.0f} calls/s",
                          flush=True)
        active = [server for server in running if record.is_active(server.name)]
        rates = choose_rates({server.name: rig.peaks[server.name] for server in active},
                             scenario.share_of_peak, scenario.same_rate)
        for number in range(1, rig.rounds + 1):
            for server in active:
                if not record.is_active(server.name):
                    continue
                with record.attempt(server.name):
                    sample = one_sample(rig, scenario, server, rates[server.name])
                    record.add(server.name, sample)
                    say(number, server.name, sample)


def find_peak(rig, scenario, server):
    """Calls per second of a closed loop."""
    result = rig.load_for(server, scenario, generators.timed(rig.seconds))
    return result.calls / result.seconds


def choose_rates(peaks, share, same):
    """{server: calls per second}: a share of its own peak, or of the lowest of all."""
    lowest = min(peaks.values(), default=0)
    return {server: share * (lowest if same else peak) for server, peak in peaks.items()}


def one_sample(rig, scenario, server, rate):
    result = rig.load_for(server, scenario, [
        f"--rate={rate:.0f}", "--arrivals=poisson", *generators.timed(rig.seconds)])
    server.check_alive()
    return figures.latencies(result) | {
        "wanted_per_second": rate, "per_second": result.calls / result.seconds,
        "late_p99_us": result.late_us.get("p99")}
