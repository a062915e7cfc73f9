"""Where do the figures go? To the terminal, into a file of JSON, and into RESULTS.md."""

import json

from harness import plot, summary, tables
from harness.figures import FIGURES, PERCENTILES

# Bars whose lengths differ more than this are drawn on a logarithmic scale.
LOG_SCALE_FROM = 20


def remarks(record):
    """What a reader of a table must know."""
    lines = list(record.notes)
    lines += [f"Without {server}: {why}." for server, why in record.left_out.items()]
    lines += [f"FAILED: {server}: {why}" for server, why in record.failed.items()]
    return lines


def show(record, rows):
    print(f"\n{record.scenario.name}: {record.scenario.title} ({record.seconds:.0f} s)")
    if rows:
        print(tables.as_text(tables.table(record, rows)))
    for line in remarks(record):
        print(f"  * {line}")
    print(flush=True)


def show_comparisons(results):
    overview = summary.overview(results)
    if overview:
        print("The best of weir beside the best of gRPC C++")
        print(tables.as_text(tables.overview_table(overview)) + "\n")
    agreement = summary.agreement(results)
    if agreement:
        print("The two generators: CPU µs/call")
        print(tables.as_text(tables.agreement_table(agreement)) + "\n", flush=True)


def write_json(path, machine, results):
    scenarios = {}
    for record, rows in results:
        scenarios[record.scenario.name] = {
            "title": record.scenario.title, "unit": record.scenario.unit, "rows": rows,
            "samples": record.samples, "syscalls": record.syscalls, "notes": record.notes,
            "left_out": record.left_out, "failed": record.failed}
    text = json.dumps({"machine": machine, "scenarios": scenarios}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n")


def plots(record, rows):
    """{file name: SVG} of one scenario."""
    scenario = record.scenario
    name = scenario.figures[0]
    figure = FIGURES[name]
    bars = [(row["server"], *(row["figures"][name][key] for key in ("median", "min", "max")))
            for row in rows if name in row["figures"]]
    out = {}
    if bars:
        values = [value for _, value, _, _ in bars]
        is_log = min(values) > 0 and max(values) / min(values) > LOG_SCALE_FROM
        out[f"{scenario.name}.svg"] = plot.bars(
            scenario.title, figure.title.format(unit=scenario.unit), bars, figure.text, is_log)
    lines = []
    for row in rows:
        points = [(label, row["figures"][key]["median"])
                  for key, label in PERCENTILES if key in row["figures"]]
        if len(points) == len(PERCENTILES) and all(value > 0 for _, value in points):
            lines.append((row["server"], points))
    if lines:
        out[f"{scenario.name}-latency.svg"] = plot.percentiles(
            scenario.title, "latency, µs", lines)
    return out


def markdown(machine, results, plot_names):
    """The text of RESULTS.md. `plot_names` says for each scenario which plots it has."""
    lines = ["# What a call costs", "",
             "CPU time of the server's process per call, and what else a user of a server pays,",
             "on loopback. Written by `./dev bench --write`; [README.md](README.md) says how to",
             "read it. Where a table says nothing else, a call is unary and its message small.", ""]
    lines += [f"- {key}: {value}" for key, value in machine.items()]
    overview = summary.overview(results)
    if overview:
        lines += ["", "## Overview", "", "The best of weir beside the best of gRPC C++.", "",
                  tables.as_markdown(tables.overview_table(overview))]
    for record, rows in results:
        scenario = record.scenario
        lines += ["", f"## {scenario.name}: {scenario.title}", ""]
        for name in plot_names.get(scenario.name, []):
            lines += [f"![{scenario.title}](plots/{name})", ""]
        if rows:
            lines += [tables.as_markdown(tables.table(record, rows))]
        said = remarks(record)
        if said:
            lines += [""] + [f"- {one_line(line)}" for line in said]
    agreement = summary.agreement(results)
    if agreement:
        lines += ["", "## The two generators", "", "CPU µs/call, by who made the calls.", "",
                  tables.as_markdown(tables.agreement_table(agreement))]
    return "\n".join(lines) + "\n"


def one_line(text):
    return " ".join(text.split())


def write_results(folder, machine, results):
    """Replaces RESULTS.md and all plots."""
    plots_folder = folder / "plots"
    plots_folder.mkdir(exist_ok=True)
    for old in plots_folder.glob("*.svg"):
        old.unlink()
    names = {}
    for record, rows in results:
        drawn = plots(record, rows)
        for name, svg in drawn.items():
            (plots_folder / name).write_text(svg)
        names[record.scenario.name] = list(drawn)
    (folder / "RESULTS.md").write_text(markdown(machine, results, names))
