"""The cases on grpcio's synchronous interface."""

import queue
import time

import grpc
import suite
from interop.protos import empty_pb2, test_pb2_grpc
from interop.protos.xds import open_rca_pb2_grpc

cases = suite.Cases()


class Requests:
    """An iterator of requests that are decided on while the call runs."""

    def __init__(self):
        self._queue = queue.Queue()

    def send(self, request):
        self._queue.put(request)

    def end(self):
        self._queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        request = self._queue.get()
        if request is None:
            raise StopIteration
        return request

    def __enter__(self):
        return self

    def __exit__(self, *error):
        # grpcio waits for the next request until there is an end.
        self.end()


@cases
def empty_unary(target):
    response = target.stub.EmptyCall(empty_pb2.Empty(), timeout=suite.CALL_SECONDS)
    suite.check(response == empty_pb2.Empty(), "a response that is not empty")


@cases
def large_unary(target):
    response = target.stub.UnaryCall(suite.simple_request(), timeout=suite.CALL_SECONDS)
    suite.check_body(response, suite.LARGE_RESPONSE_BYTES)


@cases
def client_compressed_unary(target):
    def call(expected, compression):
        return target.stub.UnaryCall(
            suite.compression_request(expected),
            timeout=suite.CALL_SECONDS,
            compression=compression,
        )

    with suite.expect_failure(grpc.StatusCode.INVALID_ARGUMENT):
        call(True, grpc.Compression.NoCompression)
    for compression in suite.COMPRESSIONS:
        suite.check_body(call(True, compression), suite.LARGE_RESPONSE_BYTES)
    suite.check_body(call(False, grpc.Compression.NoCompression), suite.LARGE_RESPONSE_BYTES)


@cases
def client_streaming(target):
    requests = map(suite.input_request, suite.REQUEST_BYTES)
    response = target.stub.StreamingInputCall(requests, timeout=suite.CALL_SECONDS)
    size = response.aggregated_payload_size
    suite.check(size == sum(suite.REQUEST_BYTES), f"a total of {size} bytes")


@cases
def server_streaming(target):
    request = suite.output_request(0, *suite.RESPONSE_BYTES)
    responses = target.stub.StreamingOutputCall(request, timeout=suite.CALL_SECONDS)
    suite.check_sizes(list(responses), suite.RESPONSE_BYTES)


@cases
def ping_pong(target):
    with Requests() as requests:
        responses = target.stub.FullDuplexCall(requests, timeout=suite.CALL_SECONDS)
        for request_size, response_size in zip(suite.REQUEST_BYTES, suite.RESPONSE_BYTES):
            requests.send(suite.output_request(request_size, response_size))
            suite.check_body(next(responses), response_size)
        requests.end()
        suite.check(next(responses, None) is None, "a response too many")


@cases
def half_duplex(target):
    requests = map(suite.output_request, suite.REQUEST_BYTES, suite.RESPONSE_BYTES)
    responses = target.stub.HalfDuplexCall(requests, timeout=suite.CALL_SECONDS)
    suite.check_sizes(list(responses), suite.RESPONSE_BYTES)


@cases
def empty_stream(target):
    responses = target.stub.FullDuplexCall(iter(()), timeout=suite.CALL_SECONDS)
    suite.check_sizes(list(responses), ())


@cases
def cancel_after_begin(target):
    with Requests() as requests:
        call = target.stub.StreamingInputCall.future(requests, timeout=suite.CALL_SECONDS)
        call.cancel()
        suite.check(call.cancelled(), "the call is not cancelled")
        suite.check_status(call.code(), call.details(), grpc.StatusCode.CANCELLED)


@cases
def cancel_after_first_response(target):
    with Requests() as requests:
        call = target.stub.FullDuplexCall(requests, timeout=suite.CALL_SECONDS)
        requests.send(suite.output_request(suite.REQUEST_BYTES[0], suite.RESPONSE_BYTES[0]))
        suite.check_body(next(call), suite.RESPONSE_BYTES[0])
        call.cancel()
        with suite.expect_failure(grpc.StatusCode.CANCELLED):
            next(call)


@cases
def timeout_on_sleeping_server(target):
    with Requests() as requests:
        call = target.stub.FullDuplexCall(requests, timeout=0.001)
        requests.send(suite.output_request(suite.REQUEST_BYTES[0]))
        with suite.expect_failure(grpc.StatusCode.DEADLINE_EXCEEDED):
            next(call)


@cases
def status_code_and_message(target):
    status = suite.echo_status(suite.STATUS_MESSAGE)
    with suite.expect_failure(grpc.StatusCode.UNKNOWN, suite.STATUS_MESSAGE):
        request = suite.simple_request(1, 1, response_status=status)
        target.stub.UnaryCall(request, timeout=suite.CALL_SECONDS)
    with suite.expect_failure(grpc.StatusCode.UNKNOWN, suite.STATUS_MESSAGE):
        request = suite.output_request(1, response_status=status)
        next(target.stub.FullDuplexCall(iter((request,)), timeout=suite.CALL_SECONDS))


@cases
def special_status_message(target):
    status = suite.echo_status(suite.SPECIAL_STATUS_MESSAGE)
    with suite.expect_failure(grpc.StatusCode.UNKNOWN, suite.SPECIAL_STATUS_MESSAGE):
        request = suite.simple_request(1, 1, response_status=status)
        target.stub.UnaryCall(request, timeout=suite.CALL_SECONDS)


@cases
def custom_metadata(target):
    response, call = target.stub.UnaryCall.with_call(
        suite.simple_request(), metadata=suite.METADATA, timeout=suite.CALL_SECONDS
    )
    suite.check_body(response, suite.LARGE_RESPONSE_BYTES)
    suite.check_echo(call.initial_metadata(), call.trailing_metadata())

    request = suite.output_request(suite.LARGE_REQUEST_BYTES, suite.LARGE_RESPONSE_BYTES)
    call = target.stub.FullDuplexCall(
        iter((request,)), metadata=suite.METADATA, timeout=suite.CALL_SECONDS
    )
    suite.check_sizes(list(call), (suite.LARGE_RESPONSE_BYTES,))
    suite.check_echo(call.initial_metadata(), call.trailing_metadata())


@cases
def unimplemented_method(target):
    with suite.expect_failure(grpc.StatusCode.UNIMPLEMENTED):
        target.stub.UnimplementedCall(empty_pb2.Empty(), timeout=suite.CALL_SECONDS)


@cases
def unimplemented_service(target):
    stub = test_pb2_grpc.UnimplementedServiceStub(target.channel)
    with suite.expect_failure(grpc.StatusCode.UNIMPLEMENTED):
        stub.UnimplementedCall(empty_pb2.Empty(), timeout=suite.CALL_SECONDS)


def _soak(stub):
    start = time.monotonic()
    suite.check_body(
        stub.UnaryCall(suite.simple_request(), timeout=suite.CALL_SECONDS),
        suite.LARGE_RESPONSE_BYTES,
    )
    elapsed = time.monotonic() - start
    suite.check(elapsed <= suite.SOAK_CALL_SECONDS, f"a call took {elapsed:.3f} s")


@cases
def rpc_soak(target):
    for _ in range(suite.SOAK_CALLS):
        _soak(target.stub)


@cases
def channel_soak(target):
    for _ in range(suite.SOAK_CALLS):
        with target.new_channel() as channel:
            _soak(test_pb2_grpc.TestServiceStub(channel))


@cases
def concurrent_large_unary(target):
    request = suite.simple_request()
    calls = [
        target.stub.UnaryCall.future(request, timeout=6 * suite.CALL_SECONDS)
        for _ in range(suite.CONCURRENT_CALLS)
    ]
    for call in calls:
        suite.check_body(call.result(), suite.LARGE_RESPONSE_BYTES)


@cases
def orca_oob(target):
    stub = open_rca_pb2_grpc.OpenRcaServiceStub(target.channel)
    reports = stub.StreamCoreMetrics(suite.load_subscription(), timeout=suite.CALL_SECONDS)
    with Requests() as requests:
        call = target.stub.FullDuplexCall(requests, timeout=suite.CALL_SECONDS)
        for load in suite.LOADS:
            requests.send(suite.load_request(load))
            suite.check_body(next(call), 1)
            # Some may have been under way already. The deadline ends the wait.
            while not suite.is_report_of(next(reports), load):
                pass
    reports.cancel()


class _Target:
    """The server under test as the cases see it."""

    def __init__(self, make_channel, channel):
        self.new_channel = make_channel
        self.channel = channel
        self.stub = test_pb2_grpc.TestServiceStub(channel)


def new_channel(address, credentials, options):
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)


def run(case, make_channel):
    """Runs one case on a channel of its own."""
    with make_channel() as channel:
        case(_Target(make_channel, channel))
