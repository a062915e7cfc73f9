"""Which servers are measured, and what can they not do? One table.

`name` is what the tables say; `target` is the Bazel label, or None for a server that Bazel alone
does not build: one of another language (foreign.py), or one with a profile (profiled.py). `lacks`
says for each ability that a server has not why it has not: the output gives that reason where a
scenario leaves the server out.
"""

import dataclasses

ANY_NAME = "any answer"  # more than one answer to one request
STREAMS = "streams"
IDLE_STREAMS = "idle streams"  # open streams by the hundred thousand
TLS = "TLS"
GZIP = "gzip"

CHECKER = "//bench:greeter_check"
LOAD = "//bench/load:load"

# The best of these is what ratios are taken to.
REFERENCE = "gRPC C++"


@dataclasses.dataclass(frozen=True)
class Program:
    """A server and the flags that it is started with."""

    name: str
    target: str
    flags: tuple = ()
    lacks: dict = dataclasses.field(default_factory=dict)

    def why_not(self, needs):
        """Why it cannot do all that is needed; None when it can."""
        return next((self.lacks[need] for need in needs if need in self.lacks), None)


def _weir(name, execution, threads=1, **lacks):
    flags = (f"--execution={execution}", f"--threads={threads}")
    return Program(name, "//bench:greeter_server", flags, lacks)


def _grpc(api, **lacks):
    return Program(f"gRPC C++ {api}", "//bench/peers:grpc_cpp_greeter", (f"--api={api}",), lacks)


_ONE_ANSWER = "it knows one answer only"
_UNARY_ONLY = "its server here has the unary method only"

PROGRAMS = (
    _weir("weir inline", "inline", **{STREAMS: "its streams are weir coroutine's"}),
    _weir("weir coroutine", "coroutine"),
    _weir("weir blocking", "blocking", **{IDLE_STREAMS: "an open stream holds a thread"}),
    _grpc("async", **{STREAMS: "its server here answers streams with UNIMPLEMENTED"}),
    _grpc("callback"),
    _grpc("sync", **{IDLE_STREAMS: "an open stream holds a thread"}),
    Program("grpc-go", None, (), {STREAMS: _UNARY_ONLY}),
    Program("tonic", None, (), {
        STREAMS: _UNARY_ONLY, TLS: "built without TLS", GZIP: "built without compression"}),
    Program("frame walker", "//bench/peers:frame_walker", (), {
        ANY_NAME: _ONE_ANSWER, STREAMS: _ONE_ANSWER, TLS: _ONE_ANSWER, GZIP: _ONE_ANSWER}),
)

# weir inline, built with a profile of calls; only when asked for. Its name does not begin like
# those of weir's others, so no ratio is taken from it.
PROFILED = Program("profiled weir inline", None, ("--execution=inline", "--threads=1"), {
    STREAMS: "its streams are weir coroutine's"})

# For how the work of one server spreads over cores.
SCALING_PROGRAMS = tuple(
    _weir(f"weir {execution}, {threads} thread{'s' if threads > 1 else ''}", execution, threads)
    for execution in ("inline", "coroutine", "blocking") for threads in (1, 2))
