#!/usr/bin/env python3
"""How is docs/HOSTILE_PEERS.md made?

Usage: report.py WEIR.json OTHER.json > docs/HOSTILE_PEERS.md

Reads what `attack --json` wrote about weir, and about another server under the same attacks
(`attack --no_expectations --json`), and prints the two side by side. Rows that were run over
plaintext and TLS show the plaintext run; where the TLS run ended differently, it is named, too.
"""

import json
import sys

INTRODUCTION = """\
# Hostile peers

What happens to a server when its client is out to harm it? `tests/hostile` holds a program that
finds out. It has no HTTP/2 library: it writes every frame itself, legal or not, over a socket that
may never be read, and it knows the attacks that HTTP/2 servers have fallen to since 2016. Each row
of the tables below is one of them. The program starts the server as a process of its own on one
core, lets a well-behaved client (the *victim*: one connection, 50 small calls in flight) run on
another, attacks from what that client leaves of its core, and watches through `/proc` what the
server pays. The last table is of clients that look like attackers and are none; they must notice
nothing.

How to read a row: *how it ended* is what the attacker saw last, and "survives" means that the
connection still answered a call. *memory* is by how much the server's anonymous memory grew at its
peak; "(kept)" marks what had not been given back ten seconds after the attacker was gone. *victim*
is what was left of the victim's calls per second (more than 100 % happens: a server that is busy
does not have to be woken up) and its 99th percentile during the attack. *held* says whether weir
passed all of its gates: an attacker who sends only protocol frames may cost 256 KiB per connection,
one that makes the server hold payload 16 MiB, everything is back within 10 s; the victim keeps half
of its throughput, loses no call, and its p99 stays below five times what it was; the attack ends as
the program's own table says; and afterwards the server answers, has no descriptor left over and
stops with exit code 0. Other servers are only observed: their limits are theirs to choose.

    ./dev hostile                  # everything, over plaintext and TLS: about 25 minutes
    ./dev hostile A13 A15b         # some rows
    bazel test //tests/hostile:short_test

The numbers belong to one run on one machine, named below; attacker, victim and server share two
virtual cores: compare within a row, not with other machines. gRPC C++ is Debian 12's
1.51.1 with its synchronous API and its defaults (it has no limit on streams unless told so), but at
most 1,000 threads; OpenSSL is 3.0. Several of the attacks are younger than that release.
"""

FAMILIES = (
    ("A01", "Control frames"),
    ("A13", "Streams"),
    ("A23", "Header blocks"),
    ("A41", "Data and flow control"),
    ("A56", "gRPC semantics"),
    ("A64", "Connections, TLS, operating system"),
    ("T01", "The innocent"),
)


def load(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    rows = {}
    for row in report["rows"]:
        rows.setdefault(row["id"] + row["variant"], {})[row["transport"]] = row
    return report, rows


def first_of(runs):
    """The run to show: over plaintext if there is one."""
    return runs.get("clear") or runs.get("tls")


def ended(run):
    if run is None:
        return "not run"
    if run["verdict"] == "not run":
        return "not run: " + run["reason"]
    texts = [each["outcome"] for each in run["outcomes"]]
    # GOAWAY with several debug texts and one code is one kind of end here.
    kinds = list(dict.fromkeys(text.split(" (")[0] for text in texts))
    if len(texts) == 1:
        return texts[0]
    if len(kinds) <= 3:
        return ", ".join(kinds)
    return ", ".join(kinds[:3]) + ", ..."


def ended_over_both(runs):
    if runs is None:
        return "not run"
    text = ended(first_of(runs))
    if "clear" in runs and "tls" in runs:
        over_tls = ended(runs["tls"])
        if over_tls != text:
            return f"{text}; over TLS {over_tls}"
    return text


def memory(run):
    if run is None or "growth_kib" not in run:
        return ""
    kib = run["growth_kib"]
    text = f"{kib / 1024:,.1f} MiB" if kib >= 10 * 1024 else f"{kib:,.0f} KiB"
    return text if run["has_recovered"] else text + " (kept)"


def victim(run):
    """Throughput that the victim kept, and what its p99 became."""
    if run is None or "victim_before" not in run:
        return ""
    before, during = run["victim_before"], run["victim_during"]
    if not before["calls_per_second"]:
        return ""
    kept = 100 * during["calls_per_second"] / before["calls_per_second"]
    text = f"{kept:.0f} %, {during['p99_us'] / 1000:.1f} ms"
    if during["errors"]:
        text += f", {during['errors']:.0f} failed"
    return text


def died(run):
    """What went wrong with the process itself."""
    if run is None or "exit_code" not in run:
        return ""
    if run["exit_code"] is None:
        return " **does not stop**"
    if run["exit_code"] != 0:
        return f" **ends with {run['exit_code']}**"
    return "" if run["answers_after"] or run["id"] == "A74" else " **answers no more**"


def verdict(runs):
    failed = [transport for transport, run in runs.items() if run["verdict"] == "failed"]
    if failed:
        return "**no**" if len(failed) == len(runs) or failed == ["clear"] else "**not over TLS**"
    return "yes" if any(run["verdict"] == "passed" for run in runs.values()) else "not run"


def cell(text):
    return text.replace("|", "\\|")


def print_table(names, ours, theirs, their_name):
    print("| row | attack | weir: how it ended | memory | victim | held |"
          f" {their_name}: how it ended | memory | victim |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in names:
        runs = ours[name]
        run = first_of(runs)
        other_runs = theirs.get(name)
        other = None if other_runs is None else first_of(other_runs)
        title = run["title"] + (f" ({run['cve']})" if run["cve"] else "")
        cells = [name, title, ended_over_both(runs) + died(run), memory(run), victim(run),
                 verdict(runs), ended_over_both(other_runs) + died(other), memory(other),
                 victim(other)]
        print("| " + " | ".join(cell(each) for each in cells) + " |")


def print_failures(rows):
    lines = []
    for name, runs in rows.items():
        for transport, run in runs.items():
            lines += [f"- {name} ({transport}): {fault}" for fault in run.get("faults", [])]
    if lines:
        print("\n## What weir did not hold\n")
        print("\n".join(lines))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    our_report, ours = load(sys.argv[1])
    their_report, theirs = load(sys.argv[2])
    runs = [run for row in ours.values() for run in row.values()]
    counts = {key: sum(run["verdict"] == key for run in runs)
              for key in ("passed", "failed", "not run")}
    print(INTRODUCTION)
    print(f"{counts['passed']} runs held, {counts['failed']} did not, {counts['not run']} rows were"
          f" not run; attacks of {our_report['attack_seconds']:.0f} s;"
          f" {our_report['processor']}, {our_report['processors']:.0f} processors,"
          f" {our_report['kernel']}.")
    starts = [start for start, _ in FAMILIES] + ["~"]
    for (start, family), end in zip(FAMILIES, starts[1:]):
        names = [name for name in ours if start <= name < end]
        if names:
            print(f"\n## {family}\n")
            print_table(names, ours, theirs, their_report["server"])
    print_failures(ours)


if __name__ == "__main__":
    main()
