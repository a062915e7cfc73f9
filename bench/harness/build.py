"""How do the programs of a run come to be there?"""

import subprocess

import pinned

from harness import foreign, profiled
from harness.process import BenchError
from harness.programs import CHECKER, LOAD, PROFILED


def path_of(label, directory):
    """Path of what Bazel builds for a label."""
    return directory / label.removeprefix("//").replace(":", "/")


def programs_of(scenarios, wanted):
    """The programs that these scenarios need, each once."""
    found = {program.name: program for scenario in scenarios for program in scenario.programs
             if wanted(program) and program.why_not(scenario.needs) is None}
    return list(found.values())


def build_with_bazel(programs, scenarios, root):
    targets = {program.target for program in programs if program.target} | {CHECKER}
    if PROFILED in programs or any(scenario.uses_load() for scenario in scenarios):
        targets.add(LOAD)
    targets = sorted(targets)
    print(f"== building {' '.join(targets)}", flush=True)
    if subprocess.run(["bazel", "build", "--config=lto", *targets], check=False,
                      cwd=root).returncode != 0:
        raise BenchError("the programs do not build")


def find(programs, directory):
    """({name: path}, {name: why it cannot be had}); builds those that Bazel alone does not."""
    paths, missing = {}, {}
    builders = foreign.BUILDERS | {
        PROFILED.name: lambda: profiled.build(PROFILED, path_of(LOAD, directory))}
    for program in programs:
        if program.target is not None:
            paths[program.name] = path_of(program.target, directory)
            if not paths[program.name].exists():
                raise BenchError(f"there is no {paths[program.name]}; build it first")
            continue
        print(f"== building {program.name}", flush=True)
        try:
            paths[program.name] = builders[program.name]()
        except pinned.Missing as reason:
            missing[program.name] = str(reason)
            print(f"   not measured: {reason}", flush=True)
    return paths, missing
