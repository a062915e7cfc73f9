"""Who makes the calls? h2load of nghttp2 for unary calls, and weir's own load client for everything
else. A run is worth something only if every call has succeeded."""

import dataclasses
import json
import math
import re

from harness import process

METHOD = "helloworld.Greeter/SayHello"
# What h2load posts: a message of seven bytes, HelloRequest{name: "world"}.
REQUEST = b"\0\0\0\0\x07\x0a\x05world"
HEADERS = ("content-type: application/grpc", "te: trailers")

H2LOAD = "h2load"
LOAD = "load"

# Of the load client, where it runs for a time: calls that are made but not counted.
WARM_UP_SECONDS = 1

# A run that takes this much longer than it should hangs.
PATIENCE_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Result:
    """What a run of calls came to. Latencies in microseconds, by name ("p50")."""

    calls: int
    seconds: float
    messages: int = 0
    connections: int = 0
    payload_bytes: int = 0
    latency_us: dict = dataclasses.field(default_factory=dict)
    late_us: dict = dataclasses.field(default_factory=dict)
    client_cpu_seconds: float = 0

    def units(self, unit):
        """How many of what the figures are about."""
        return {"call": self.calls, "message": self.messages, "connection": self.connections}[unit]


def parse_h2load(output, calls):
    """A Result; BenchError unless h2load says that all calls were answered with 2xx."""
    succeeded = re.search(r"status codes: (\d+) 2xx", output)
    rate = re.search(r"finished in .*, ([\d.]+) req/s", output)
    if succeeded is None or rate is None or int(succeeded[1]) != calls:
        raise process.BenchError(f"not {calls} calls got a 2xx; h2load said:\n{output}")
    return Result(calls, calls / float(rate[1]))


def parse_load(output):
    """A Result out of the load client's JSON; BenchError when a call has failed."""
    try:
        report = json.loads(output)
        result = Result(
            calls=report["calls"], seconds=report["seconds"], messages=report["messages"],
            connections=report["connections_opened"], payload_bytes=report["payload_bytes"],
            latency_us=report["latency_us"] or {}, late_us=report.get("late_us") or {},
            client_cpu_seconds=report["client_cpu_seconds"])
        failed, why = report["failed"], report.get("first_failure")
    except (ValueError, KeyError, TypeError) as error:
        raise process.BenchError(f"the load client's report cannot be read: {error!r}") from error
    if failed:
        raise process.BenchError(f"{failed} calls have failed, the first with: {why}")
    if not result.calls or not result.seconds:
        raise process.BenchError("no call was made")
    return result


def h2load_command(server, scenario, calls, request_file):
    command = ["h2load", "-n", calls, "-c", scenario.connections, "-m", scenario.streams,
               "-t", "1", "-d", request_file]
    for header in HEADERS:
        command += ["-H", header]
    scheme = "https" if server.ca_file else "http"
    return command + [f"{scheme}://127.0.0.1:{server.port}/{METHOD}"]


def timed(seconds):
    """Flags of the load client for calls during a time, in the whole seconds that it knows."""
    return [f"--seconds={math.ceil(seconds)}", f"--warm_up_seconds={WARM_UP_SECONDS}"]


def load_command(program, server, scenario, flags):
    """`flags` come last, so that they decide."""
    command = [program, f"--address=127.0.0.1:{server.port}", "--json", "--quiet",
               f"--connections={scenario.connections}", f"--streams={scenario.streams}",
               *scenario.flags]
    if server.ca_file:
        command += ["--tls", f"--ca_file={server.ca_file}"]
    return command + list(flags)


def run(command, cores, seconds, parse):
    """Runs a generator that is expected to take `seconds`."""
    code, output, errors = process.run(command, cores, seconds + PATIENCE_SECONDS)
    if code != 0 and not output.strip():
        raise process.BenchError(f"{process.name(command)} failed: {errors.strip() or code}")
    return parse(output)
