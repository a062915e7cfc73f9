"""What do many samples come to? Medians, their spread, and ratios to gRPC C++."""

import statistics

from harness.figures import FIGURES
from harness.programs import REFERENCE

OURS = "weir"


def spread(values):
    """{"median", "min", "max"} of the values that are there; None without any."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def summarise(record):
    """What the tables say of each server, in the order of measuring.

    Each row has "server", "figures" ({name: spread}), and "times_better": how many times less (or
    more, where more is better) the first figure is than that of the best server of gRPC C++.
    """
    names = record.scenario.figures
    rows = []
    for server, samples in record.samples.items():
        samples = samples + [record.extras.get(server, {})]
        figures = {name: spread([sample.get(name) for sample in samples]) for name in names}
        rows.append({"server": server, "figures": {k: v for k, v in figures.items() if v}})
    headline = names[0]
    reference = best(rows, REFERENCE, headline) if record.scenario.compared else None
    for row in rows:
        row["times_better"] = times_better(row, reference, headline)
    return rows


def headline_of(row, name):
    figure = row["figures"].get(name)
    return figure and figure["median"]


def best(rows, prefix, name):
    """The row with the best median of a figure, of servers with this prefix; None without any."""
    known = [row for row in rows
             if row["server"].startswith(prefix) and headline_of(row, name) is not None]
    choose = max if FIGURES[name].more_is_better else min
    return choose(known, key=lambda row: headline_of(row, name), default=None)


def times_better(row, reference, name):
    if reference is None:
        return None
    mine, other = headline_of(row, name), headline_of(reference, name)
    if not mine or not other or mine < 0 or other < 0:
        return None
    return mine / other if FIGURES[name].more_is_better else other / mine


def overview(results):
    """(title, figure, unit, best of weir, best of gRPC C++, ratio) for scenarios with both.

    `results` is [(record, rows)].
    """
    lines = []
    for record, rows in results:
        name = record.scenario.figures[0]
        ours, theirs = best(rows, OURS, name), best(rows, REFERENCE, name)
        if ours and theirs and record.scenario.compared:
            lines.append((record.scenario.title, name, record.scenario.unit, ours, theirs,
                          times_better(ours, theirs, name)))
    return lines


def agreement(results):
    """(scenario, server, CPU by h2load, CPU by load) where both generators made the same calls."""
    rows_of = {record.scenario.name: rows for record, rows in results}
    lines = []
    for name, rows in rows_of.items():
        by_load = {row["server"]: row for row in rows_of.get(f"{name}-load", [])}
        for row in rows:
            other = by_load.get(row["server"])
            if other and "cpu_us" in row["figures"] and "cpu_us" in other["figures"]:
                lines.append((name, row["server"], headline_of(row, "cpu_us"),
                              headline_of(other, "cpu_us")))
    return lines
