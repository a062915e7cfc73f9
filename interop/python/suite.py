"""What the cases say and expect, whichever of grpcio's two interfaces they use."""

import collections
import contextlib

import grpc
from interop.protos import messages_pb2
from interop.protos.xds import load_report_pb2, open_rca_pb2

# Two different reports: what the server shall say, by field of its request.
LOADS = (
    {"cpu_utilization": 0.8210, "memory_utilization": 0.5847, "utilization": {"util": 0.30499}},
    {"cpu_utilization": 0.29309, "memory_utilization": 0.2, "utilization": {"util": 0.2039}},
)

# A call that takes longer has failed.
CALL_SECONDS = 20

LARGE_REQUEST_BYTES = 271828
LARGE_RESPONSE_BYTES = 314159
REQUEST_BYTES = (27182, 8, 1828, 45904)
RESPONSE_BYTES = (31415, 9, 2653, 58979)

STATUS_MESSAGE = "test status message"
SPECIAL_STATUS_MESSAGE = (
    "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
)

METADATA = (
    ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
    ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"),
)

COMPRESSIONS = (grpc.Compression.Gzip, grpc.Compression.Deflate)

SOAK_CALLS = 10
SOAK_CALL_SECONDS = 10.0  # Not a matter of speed: other work may have the machine.

# More than a connection may have at once, so that most of them wait for others.
CONCURRENT_CALLS = 1000


class Failed(Exception):
    """A case failed; the text says what was seen."""


def check(condition, complaint):
    if not condition:
        raise Failed(complaint)


def payload(size):
    return messages_pb2.Payload(body=b"\0" * size)


def simple_request(request_size=LARGE_REQUEST_BYTES, response_size=LARGE_RESPONSE_BYTES, **fields):
    return messages_pb2.SimpleRequest(
        response_size=response_size, payload=payload(request_size), **fields
    )


def compression_request(expected):
    """A request that says of itself whether it comes compressed."""
    return simple_request(expect_compressed=messages_pb2.BoolValue(value=expected))


def input_request(size):
    return messages_pb2.StreamingInputCallRequest(payload=payload(size))


def output_request(request_size, *response_sizes, **fields):
    return messages_pb2.StreamingOutputCallRequest(
        payload=payload(request_size),
        response_parameters=[
            messages_pb2.ResponseParameters(size=size) for size in response_sizes
        ],
        **fields,
    )


def echo_status(message):
    return messages_pb2.EchoStatus(code=grpc.StatusCode.UNKNOWN.value[0], message=message)


def check_body(response, size):
    check(response.payload.body == b"\0" * size, f"a payload of {len(response.payload.body)} bytes")


def check_sizes(responses, sizes):
    check(len(responses) == len(sizes), f"{len(responses)} responses")
    for response, size in zip(responses, sizes):
        check_body(response, size)


def check_echo(initial, trailing):
    """Both echo keys, each with the one value that was sent."""
    for (key, value), metadata in zip(METADATA, (initial, trailing)):
        found = [each for name, each in metadata if name == key]
        check(found == [value], f"{key} has the values {found}")


def load_subscription():
    request = open_rca_pb2.OrcaLoadReportRequest()
    request.report_interval.FromSeconds(1)
    return request


def load_request(load):
    return output_request(1, 1, orca_oob_report=messages_pb2.TestOrcaReport(**load))


def is_report_of(report, load):
    """Whether the server reports what it was told to."""
    return report == load_report_pb2.OrcaLoadReport(
        cpu_utilization=load["cpu_utilization"],
        mem_utilization=load["memory_utilization"],
        utilization=load["utilization"],
    )


def check_status(code, details, wanted_code, wanted_details=None):
    check(code == wanted_code, f"status {code}: {details}")
    check(wanted_details in (None, details), f"status message {details!r}")


@contextlib.contextmanager
def expect_failure(code, details=None):
    """The body must fail with this status."""
    try:
        yield
    except grpc.RpcError as error:
        check_status(error.code(), error.details(), code, details)
        return
    raise Failed(f"success instead of {code}")


class Cases(collections.OrderedDict):
    """Cases by name, in order; add one with the decorator."""

    def __call__(self, function):
        self[function.__name__] = function
        return function
