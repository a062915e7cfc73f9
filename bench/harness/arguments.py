"""What can `./dev bench` be told?"""

import argparse
import pathlib

from harness import scenarios
from harness.programs import PROFILED

_DESCRIPTION = "Measures what calls cost a server, beside other servers and the machine's limit."
_DEFAULT_SECONDS = 0.8


def parse(words, root):
    parser = argparse.ArgumentParser(prog="./dev bench", description=_DESCRIPTION)
    parser.add_argument("scenario", nargs="*",
                        help="names (--list), or `all`; without any: a set of about 10 minutes")
    parser.add_argument("--list", action="store_true", help="print the scenarios, measure nothing")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each server (5)")
    parser.add_argument("--seconds", type=float, default=_DEFAULT_SECONDS,
                        help=f"length of a run ({_DEFAULT_SECONDS})")
    parser.add_argument("--only", default="", metavar="TEXT[,TEXT]",
                        help="only servers whose name contains one of these texts")
    parser.add_argument("--profiled", action="store_true",
                        help="measure unary calls also of weir built with a profile of calls, "
                        "which takes some minutes more")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--no-syscalls", action="store_true", help="do not count system calls")
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    parser.add_argument("--programs", type=pathlib.Path, default=root / "bazel-lto-bin",
                        metavar="DIRECTORY", help="where the programs are (bazel-lto-bin)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write all samples here, after each scenario")
    parser.add_argument("--write", action="store_true",
                        help="replace bench/RESULTS.md and bench/plots")
    arguments = parser.parse_args(words)
    try:
        arguments.scenarios = scenarios.choose(arguments.scenario)
    except KeyError as word:
        parser.error(f"there is no scenario {word}; --list prints those there are")
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("--rounds and --seconds must be positive")
    return arguments


def list_scenarios():
    width = max(len(scenario.name) for scenario in scenarios.SCENARIOS)
    for scenario in scenarios.SCENARIOS:
        mark = "*" if scenario.default else " "
        print(f"{mark} {scenario.name:<{width}}  {scenario.title}")
    print("\n* is measured when no scenario is named")


def wants(arguments):
    """Whether a program is to be measured."""
    texts = arguments.only.split(",")
    return lambda program: ((program != PROFILED or arguments.profiled)
                            and any(text in program.name for text in texts))
