"""What does every measurement need at hand? Programs, cores, files, and what the user wants."""

import contextlib
import dataclasses
import pathlib

from harness import generators, servers


@dataclasses.dataclass
class Rig:
    """One for a whole run."""

    rounds: int
    seconds: float  # of one run of calls
    server_core: int
    client_core: int
    all_cores: set
    paths: dict  # name of a server program -> executable
    checker: pathlib.Path
    load: pathlib.Path
    request_file: pathlib.Path
    certificate: tuple  # (certificate, key), or None
    syscall_counter: str  # syscalls.PERF or STRACE, or None
    peaks: dict = dataclasses.field(default_factory=dict)  # server -> calls per second

    def server_cores(self, scenario):
        return self.all_cores if scenario.all_cores else {self.server_core}

    def client_cores(self, scenario):
        return self.all_cores if scenario.all_cores else {self.client_core}

    def start(self, program, scenario):
        """A server, as the scenario needs it; whoever asks for it stops it."""
        return servers.Server(
            program, self.paths[program.name], self.server_cores(scenario),
            self.certificate if scenario.tls else None, scenario.gzip)

    @contextlib.contextmanager
    def serving(self, programs, scenario, record):
        """All servers at once, each checked; those that fail are in the record."""
        with contextlib.ExitStack() as stack:
            running = []
            for program in programs:
                with record.attempt(program.name):
                    server = stack.enter_context(servers.stopping(self.start(program, scenario)))
                    servers.check_answers(server, self.checker, self.client_cores(scenario))
                    running.append(server)
            yield running

    def call(self, server, scenario, calls):
        """Makes so many calls, each of which must succeed."""
        cores = self.client_cores(scenario)
        if scenario.generator == generators.H2LOAD:
            command = generators.h2load_command(server, scenario, calls, self.request_file)
            result = generators.run(
                command, cores, self.seconds, lambda output: generators.parse_h2load(output, calls))
        else:
            result = self.load_for(server, scenario, [f"--calls={calls}"])
        server.check_alive()
        return result

    def load_for(self, server, scenario, flags):
        """Runs the load client with further flags."""
        command = generators.load_command(self.load, server, scenario, flags)
        return generators.run(
            command, self.client_cores(scenario), self.seconds, generators.parse_load)
