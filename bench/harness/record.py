"""What has been seen of one scenario so far, server by server?"""

import contextlib

from harness import process


class Record:
    """Samples, and for each server without them the reason."""

    def __init__(self, scenario, missing):
        """`missing` says which programs cannot be had on this machine, and why."""
        self.scenario = scenario
        self.samples = {}  # server -> [{figure: value}, ...], one a round
        self.extras = {}  # server -> {figure: value}, of a round of its own
        self.syscalls = {}  # server -> {system call: how often for each unit}
        self.left_out = {}  # server -> why it makes no sense, or cannot be had
        self.failed = {}  # server -> what went wrong
        self.notes = [scenario.note] if scenario.note else []
        self.seconds = 0  # that measuring took
        for program in scenario.programs:
            why = missing.get(program.name) or program.why_not(scenario.needs)
            if why:
                self.left_out[program.name] = why

    def programs(self, wanted):
        """Those that can be measured, of those that are wanted."""
        return [program for program in self.scenario.programs
                if program.name not in self.left_out and wanted(program)]

    def add(self, server, sample):
        self.samples.setdefault(server, []).append(sample)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    @contextlib.contextmanager
    def attempt(self, server):
        """What goes wrong in the block ends the measurement of this server only."""
        try:
            yield
        except (process.BenchError, OSError) as error:
            self.failed[server] = str(error)
            self.samples.pop(server, None)
            print(f"   {server} FAILED: {error}", flush=True)

    def is_active(self, server):
        return server not in self.failed
