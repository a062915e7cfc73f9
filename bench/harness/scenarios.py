"""Which situations are measured? One table, in the order in which they run and are reported."""

import dataclasses

from harness.generators import H2LOAD, LOAD
from harness.programs import (
    ANY_NAME, GZIP, IDLE_STREAMS, PROFILED, PROGRAMS, SCALING_PROGRAMS, STREAMS, TLS)

# How it is measured: procedures.py has one function for each.
CLOSED_LOOP = "closed loop"
IDLE = "idle"
COLD_START = "cold start"
OPEN_LOOP = "open loop"
NEIGHBOUR = "neighbour"

COST = ("cpu_us", "user_us", "system_us", "per_second", "voluntary", "involuntary", "syscalls",
        "rss_mib", "peak_mib")
COST_AND_LATENCY = COST + ("p50_us", "p99_us")
THROUGHPUT = COST[:4] + ("mib_per_second",) + COST[4:]
LATENCY = ("p99_us", "p50_us", "p90_us", "p999_us", "max_us", "wanted_per_second", "per_second",
           "late_p99_us")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One row. The first of `figures` is the one that is compared and plotted."""

    name: str
    title: str
    procedure: str = CLOSED_LOOP
    generator: str = LOAD
    connections: int = 1
    streams: int = 1  # calls at a time on each connection
    flags: tuple = ()  # of the load client
    first_calls: int = 0  # for warming up and finding the speed; 0: as many as suits small calls
    unit: str = "call"
    programs: tuple = PROGRAMS
    needs: tuple = ()  # abilities of the server, see programs.py
    tls: bool = False
    gzip: bool = False
    all_cores: bool = False  # server and client share all cores instead of having one each
    share_of_peak: float = 0  # open loop: of the server's own peak, or of the lowest of all
    same_rate: bool = False
    compared: bool = True  # whether the first figures of two servers may be divided
    figures: tuple = COST
    default: bool = False
    note: str = ""

    def uses_load(self):
        return self.generator == LOAD and self.procedure != COLD_START

    def warm_up_calls(self):
        return self.first_calls or max(2000, 20 * self.connections * self.streams)

    def traced_calls(self):
        """Enough that opening the connections hardly counts, few enough for strace."""
        return self.first_calls or max(2000, 50 * self.connections)


def _unary(connections, streams, default=False):
    return Scenario(
        f"{connections}x{streams}", f"{connections} connections × {streams} calls at a time",
        generator=H2LOAD, connections=connections, streams=streams, default=default,
        programs=(*PROGRAMS, PROFILED))


def _unary_by_load(connections, streams, default=False):
    return Scenario(
        f"{connections}x{streams}-load",
        f"{connections} connections × {streams} calls at a time, by the load client",
        connections=connections, streams=streams, figures=COST_AND_LATENCY, default=default,
        note="The same calls as by h2load. The two should come close, though a faster client lets "
        "a fast server work in larger batches.")


def _size(name, title, size, connections, streams, first_calls, default=False):
    return Scenario(
        f"unary-{name}", f"unary calls of {title}", connections=connections, streams=streams,
        flags=(f"--bytes={size}",), first_calls=first_calls, needs=(ANY_NAME,),
        figures=THROUGHPUT + ("p50_us", "p99_us"), default=default,
        note="The answer is as large as the request.")


def _stream(shape, name, title, size, messages, connections, streams, default=False):
    return Scenario(
        f"{shape}-{name}", f"{shape} of {title}, {messages} a call",
        connections=connections, streams=streams,
        flags=(f"--shape={shape}", f"--bytes={size}", f"--messages={messages}"),
        first_calls=2 * connections * streams, unit="message", needs=(STREAMS,),
        figures=THROUGHPUT, default=default)


def _headers(client, default=False):
    return Scenario(
        f"headers-{client}", f"10 connections × 100 calls with the headers of {client}",
        connections=10, streams=100,
        flags=(f"--headers={client}", "--timeout_ms=10000", "--traceparent"),
        figures=COST_AND_LATENCY, default=default,
        note="With a timeout and a traceparent.")


def _open_loop(name, title, same_rate, default=False):
    return Scenario(
        name, title, procedure=OPEN_LOOP, connections=10, streams=100, share_of_peak=0.5,
        same_rate=same_rate, compared=same_rate, figures=LATENCY, default=default,
        note="Calls begin at times drawn from a Poisson process, whether or not earlier ones are "
        "answered, and their latency counts from that time. The peak is what the closed loop of "
        "10 connections × 100 calls reached: for the fastest servers that is the client's.")


SCENARIOS = (
    _unary(1, 1, default=True),
    _unary(10, 10),
    _unary(10, 100, default=True),
    _unary(100, 1, default=True),
    _unary(100, 10),
    _unary(1000, 1),
    _unary_by_load(10, 100, default=True),
    _unary_by_load(100, 1),
    _size("1k", "1 KiB", 1 << 10, 10, 10, 0),
    _size("64k", "64 KiB", 1 << 16, 4, 4, 500, default=True),
    _size("1m", "1 MiB", 1 << 20, 4, 1, 40),
    _stream("download", "64", "64-byte messages", 64, 1000, 10, 10, default=True),
    _stream("download", "1m", "1 MiB messages", 1 << 20, 32, 4, 1),
    _stream("upload", "64", "64-byte messages", 64, 1000, 10, 10),
    _stream("upload", "1m", "1 MiB messages", 1 << 20, 32, 4, 1),
    _stream("chat", "64", "64-byte messages in turns", 64, 100, 10, 10, default=True),
    Scenario("tls", "10 connections × 100 calls at a time, TLS", generator=H2LOAD,
             connections=10, streams=100, needs=(TLS,), tls=True, default=True),
    Scenario("gzip", "unary calls of 16 KiB, gzip both ways", connections=10, streams=10,
             flags=("--gzip", f"--bytes={1 << 14}"), needs=(ANY_NAME, GZIP), gzip=True,
             figures=THROUGHPUT),
    _headers("grpc-go", default=True),
    _headers("grpc-java"),
    _headers("grpc-cpp"),
    Scenario("idle-connections", "10,000 idle connections, after a call each", procedure=IDLE,
             connections=10_000, unit="connection",
             figures=("bytes_each", "rss_before_mib", "rss_mib"), default=True,
             note="Resident memory of the process; the kernel's own, for sockets, comes on top."),
    Scenario("idle-streams", "100,000 idle streams, on 1,000 connections", procedure=IDLE,
             connections=1000, streams=100, flags=("--shape=chat",), unit="stream",
             needs=(STREAMS, IDLE_STREAMS), figures=("bytes_each", "rss_before_mib", "rss_mib"),
             note="A hundredth of a connection is part of each."),
    Scenario("cold-start", "from exec to the first answer", procedure=COLD_START,
             figures=("first_answer_ms", "rss_mib"), default=True,
             note="Four starts a round. RSS is that of the idle server afterwards."),
    Scenario("churn", "connections with one call each", connections=10, unit="connection",
             flags=("--churn", "--calls_per_connection=1"),
             figures=("per_cpu_second",) + COST),
    _open_loop("open-loop-half", "open loop at half of each server's own peak", False,
               default=True),
    _open_loop("open-loop-same", "open loop, half of the lowest peak for all", True),
    Scenario("neighbour", "one client with a call at a time beside 10 × 100 calls",
             procedure=NEIGHBOUR,
             figures=("p99_us", "p50_us", "p999_us", "max_us", "alone_p50_us", "alone_p99_us"),
             note="Latency of the one client. Both clients share a core, so it is a bit the "
             "client's own."),
    Scenario("scaling", "weir with one and with two worker threads", generator=H2LOAD,
             connections=10, streams=100, programs=SCALING_PROGRAMS, all_cores=True,
             figures=("per_second",) + COST[:3] + COST[4:],
             note="Server and client are not pinned: they share all cores, and with few of them "
             "the client takes what a second worker would need."),
)


def by_name():
    return {scenario.name: scenario for scenario in SCENARIOS}


def choose(names):
    """The scenarios that these words mean; KeyError for a word that means none."""
    if not names:
        return [scenario for scenario in SCENARIOS if scenario.default]
    if "all" in names:
        return list(SCENARIOS)
    table = by_name()
    wanted = {table[name].name for name in names}
    return [scenario for scenario in SCENARIOS if scenario.name in wanted]
