"""How do figures become rows of text? The same cells for the terminal and for Markdown."""

from harness.figures import FIGURES


def columns(record, rows):
    """(titles, figures): those that at least one server has."""
    scenario = record.scenario
    names = [name for name in scenario.figures if any(name in row["figures"] for row in rows)]
    titles = [FIGURES[name].title.format(unit=scenario.unit) for name in names]
    if names:
        titles.insert(1, "min – max")
    compared = any(row["times_better"] is not None for row in rows)
    return ["server", *titles] + (["× better"] if compared else []), names


def cells(row, names):
    out = [row["server"]]
    for index, name in enumerate(names):
        figure, values = FIGURES[name], row["figures"].get(name)
        out.append(figure.text(values and values["median"]))
        if index == 0:
            out.append(f"{figure.text(values['min'])} – {figure.text(values['max'])}"
                       if values else "–")
    return out


def table(record, rows):
    """Lines of cells; the first holds the titles."""
    titles, names = columns(record, rows)
    lines = [titles]
    for row in rows:
        line = cells(row, names)
        if "× better" in titles:
            ratio = row["times_better"]
            line.append("–" if ratio is None else f"{ratio:.1f}")
        lines.append(line)
    return lines


def as_text(lines, indent="  "):
    """Columns below each other: the first to the left, figures to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    out = []
    for line in lines:
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(line, widths))]
        out.append(indent + "   ".join(padded).rstrip())
    return "\n".join(out)


def as_markdown(lines):
    head, *body = lines
    out = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    out += ["| " + " | ".join(line) + " |" for line in body]
    return "\n".join(out)


def overview_table(lines):
    out = [["scenario", "figure", "weir", "gRPC C++", "× better"]]
    for title, name, unit, ours, theirs, ratio in lines:
        figure = FIGURES[name]
        out.append([title, figure.title.format(unit=unit)]
                   + [f"{figure.text(row['figures'][name]['median'])} ({row['server']})"
                      for row in (ours, theirs)]
                   + ["–" if ratio is None else f"{ratio:.1f}"])
    return out


def agreement_table(lines):
    out = [["server", "scenario", "h2load", "load", "load / h2load"]]
    for scenario, server, one, other in lines:
        out.append([server, scenario, f"{one:.2f}", f"{other:.2f}",
                    f"{other / one:.2f}" if one else "–"])
    return out
