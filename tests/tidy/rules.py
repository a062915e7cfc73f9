"""Which rules does `tidy` enforce? Tables only: to allow or forbid something, edit a row here.

Paths are relative to the root of the repository. Patterns are those of a shell, and `*` also
matches a slash.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Layer:
    """What the files below `folder` may include. The longest matching folder decides."""

    folder: str
    # Prefixes of what they may include in quotation marks; "" allows everything.
    includes: tuple = ()
    # Libraries besides the standard one; see LIBRARIES.
    libraries: tuple = ()
    # Headers of the operating system: "*" for all of them, or the ones that are allowed.
    system: tuple = ()


_ANY_LIBRARY = (
    "benchmark", "c_ares", "googletest", "grpc", "nghttp2", "openssl", "protobuf", "protoc",
    "zlib", "zstd",
)

# Values of HTTP/2 that the wire rules of gRPC read and write; nothing that has behaviour.
_HTTP2_VALUES = (
    "transport/http2/error_code.h",
    "transport/http2/field_section.h",
    "transport/http2/output_fields.h",
)

LAYERS = (
    # An iovec is a value, only transport/net hands one to the system; whoever starts threads uses
    # pthread.h to name them.
    Layer("transport/base", ("transport/base/",), system=("sys/uio.h",)),
    Layer("transport/http2", ("transport/base/", "transport/http2/"), system=("sys/uio.h",)),
    Layer("transport/grpc", ("transport/base/", "transport/grpc/") + _HTTP2_VALUES),
    Layer("transport/net", ("transport/base/", "transport/net/"), system=("*",)),
    Layer(
        "transport/driver",
        ("transport/base/", "transport/http2/", "transport/net/", "transport/driver/"),
        system=("pthread.h", "sys/uio.h"),
    ),
    Layer("include/weir", ("weir/",), ("protobuf",)),
    Layer("server", ("transport/", "server/", "weir/"), ("protobuf",), ("pthread.h",)),
    Layer("server/services", ("weir/", "grpc/", "server/services/"), ("protobuf",)),
    Layer("interceptors", ("weir/", "interceptors/"), ("protobuf",)),
    Layer("rich_status", ("weir/", "google/rpc/"), ("protobuf",)),
    Layer("codegen", ("codegen/",), ("protobuf", "protoc")),
    Layer("examples", ("weir/", "examples/"), ("protobuf",), system=("*",)),
    # Clients are of the upstream implementation: weir is a server.
    Layer("examples/clients", ("weir/", "examples/"), ("protobuf", "grpc"), system=("*",)),
    # So is what the proxy forwards to.
    Layer("examples/proxy", ("weir/", "examples/"), ("protobuf", "grpc"), system=("*",)),
    Layer("bench", ("",), _ANY_LIBRARY, ("*",)),
    Layer("interop", ("",), _ANY_LIBRARY, ("*",)),
    Layer("tests", ("",), _ANY_LIBRARY, ("*",)),
)

# Workspaces of their own, whose includes begin at their own roots.
OTHER_ROOTS = ("tests/external_workspace/",)

# Nothing outside tests/ includes what is in it, whatever its layer allows.
TESTS = "tests/"

# Libraries that single files may include in addition to what their layer may.
FILE_LIBRARIES = {
    "transport/grpc/compressor_*.cc": ("zlib", "zstd"),
    "transport/net/resolver_cares.*": ("c_ares",),
    "transport/net/tls_*": ("openssl",),
}

# Libraries that are replaceable because one file outside bench, interop and tests includes them.
LIBRARIES_OF_ONE_FILE = ("zlib", "zstd")
FREE_FOLDERS = ("bench/", "interop/", "tests/")

# Prefix of a header -> its library, "" for none. The first that matches decides.
LIBRARIES = (
    ("absl/", "grpc"),
    ("ares", "c_ares"),
    ("benchmark/", "benchmark"),
    ("gmock/", "googletest"),
    ("google/protobuf/compiler/", "protoc"),
    ("google/protobuf/", "protobuf"),
    ("grpc/health/", ""),  # weir's own, made of grpc/
    ("grpc/reflection/", ""),
    ("grpc", "grpc"),
    ("gtest/", "googletest"),
    ("nghttp2/", "nghttp2"),
    ("openssl/", "openssl"),
    ("zlib.h", "zlib"),
    ("zstd", "zstd"),
)

# Headers of the C standard library. Those of C++ have neither a suffix nor a slash.
STANDARD_C = frozenset(
    name + ".h"
    for name in (
        "assert ctype errno fenv float inttypes limits locale math setjmp signal stdarg stddef "
        "stdint stdio stdlib string time uchar wchar wctype"
    ).split()
)

# What ships: the folders in which the bans below hold.
PRODUCT = ("include/", "interceptors/", "rich_status/", "server/", "transport/")

# Where threads meet, and over what. Everything else belongs to one thread, so it needs no lock.
WHERE_THREADS_MEET = {
    "server/blocking_*": "a worker and a pool's thread hand a call to each other",
    "server/call.*": "any thread may ask whether a call is cancelled, or cancel it",
    "server/connection_calls.*": "a handler's thread asks whether its connection drains",
    "server/frame_memory.*": "nothing meets: each thread keeps frames of coroutines for itself",
    "server/connections_by_address.*": "one thread accepts, connections end on all of them",
    "server/handler_pool.*": "workers hand it calls, its threads take them",
    "server/memory_trimmer.*": "a thread of its own returns memory, any other may ask it to",
    "server/services/health.cc": "any thread sets a status, workers tell it to clients",
    "server/services/reflection.cc": "workers share what the first to be asked has made",
    "server/server_core.*": "any thread may shut the server down or wait for that",
    "transport/base/large_blocks.*": "a message's memory is freed by another thread than made it",
    "transport/base/long_lived.*": "connections of all workers begin and end",
    "transport/base/memory_pressure.h": "one worker measures, every worker heeds",
    "transport/driver/worker.*": "its load is read by the thread that places connections",
    "transport/http2/limit.h": "a worker counts, any thread may read",
    "transport/net/memory_monitor.*": "whichever worker comes first measures",
    "transport/net/epoll_loop.*": "any thread may ask it to stop",
    "transport/net/loop.h": "the check that a loop is used by its own thread",
    "transport/net/task_queue.*": "the one queue into a worker",
}


@dataclasses.dataclass(frozen=True)
class Ban:
    """A construct that the code of some folders must not hold, except in some files."""

    pattern: str  # A regular expression over code without comments and literals.
    reason: str  # Ends a sentence that begins with the construct: what to do instead.
    folders: tuple = PRODUCT
    suffixes: tuple = (".h", ".cc")
    allowed_in: tuple = ()


BANS = (
    Ban(
        r"\bthrow\b",
        "is banned: return a Status, a Result or a Violation",
        folders=("server/", "transport/"),
    ),
    Ban(
        r"\bstd::(?:recursive_|shared_|timed_)*mutex\b|\bstd::condition_variable(?:_any)?\b"
        r"|\bstd::atomic\w*|\bthread_local\b",
        "is banned here: a worker's state belongs to its thread, reach it with Loop::Post "
        "(or add the file to WHERE_THREADS_MEET in tests/tidy/rules.py)",
        allowed_in=tuple(WHERE_THREADS_MEET),
    ),
    Ban(
        r"\b(?:steady|system|high_resolution)_clock::now\b|\bclock_gettime\b|\bgettimeofday\b",
        "is banned here: take the loop's time, which is read once per turn",
        # The access log is written against the public headers, like an interceptor of a user.
        allowed_in=("transport/net/clock.*", "interceptors/access_log.cc"),
    ),
    Ban(
        r"\bsleep_(?:for|until)\b|\b(?:u|nano)?sleep\s*\(",
        "is banned: arm a timer of the loop",
    ),
    Ban(
        r"\busing\s+namespace\b",
        "is banned in a header: it would reach everyone who includes it",
        folders=("",),
        suffixes=(".h",),
    ),
)

MAX_COLUMNS = 100
# Files whose lines are counted: these suffixes and names, and scripts that begin with "#!".
COUNTED_SUFFIXES = (".BUILD", ".bazel", ".bzl", ".cc", ".h", ".proto", ".py", ".sh")
COUNTED_NAMES = ("WORKSPACE",)

# Files that talk about the words for unfinished work and are allowed to write them.
MAY_NAME_UNFINISHED_WORK = ("tests/tidy/*",)
