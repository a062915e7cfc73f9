"""The cases on grpcio's asyncio interface."""

import asyncio
import time

import grpc
import suite
from interop.protos import empty_pb2, test_pb2_grpc
from interop.protos.xds import open_rca_pb2_grpc

cases = suite.Cases()

# One for all cases: what grpcio polls with lives on after a case.
_loop = asyncio.new_event_loop()


@cases
async def empty_unary(target):
    response = await target.stub.EmptyCall(empty_pb2.Empty(), timeout=suite.CALL_SECONDS)
    suite.check(response == empty_pb2.Empty(), "a response that is not empty")


@cases
async def large_unary(target):
    response = await target.stub.UnaryCall(suite.simple_request(), timeout=suite.CALL_SECONDS)
    suite.check_body(response, suite.LARGE_RESPONSE_BYTES)


@cases
async def client_compressed_unary(target):
    async def call(expected, compression):
        return await target.stub.UnaryCall(
            suite.compression_request(expected),
            timeout=suite.CALL_SECONDS,
            compression=compression,
        )

    with suite.expect_failure(grpc.StatusCode.INVALID_ARGUMENT):
        await call(True, grpc.Compression.NoCompression)
    for compression in suite.COMPRESSIONS:
        suite.check_body(await call(True, compression), suite.LARGE_RESPONSE_BYTES)
    suite.check_body(await call(False, grpc.Compression.NoCompression), suite.LARGE_RESPONSE_BYTES)


@cases
async def client_streaming(target):
    call = target.stub.StreamingInputCall(timeout=suite.CALL_SECONDS)
    for size in suite.REQUEST_BYTES:
        await call.write(suite.input_request(size))
    await call.done_writing()
    size = (await call).aggregated_payload_size
    suite.check(size == sum(suite.REQUEST_BYTES), f"a total of {size} bytes")


@cases
async def server_streaming(target):
    request = suite.output_request(0, *suite.RESPONSE_BYTES)
    call = target.stub.StreamingOutputCall(request, timeout=suite.CALL_SECONDS)
    suite.check_sizes([response async for response in call], suite.RESPONSE_BYTES)


@cases
async def ping_pong(target):
    call = target.stub.FullDuplexCall(timeout=suite.CALL_SECONDS)
    for request_size, response_size in zip(suite.REQUEST_BYTES, suite.RESPONSE_BYTES):
        await call.write(suite.output_request(request_size, response_size))
        suite.check_body(await call.read(), response_size)
    await call.done_writing()
    suite.check(await call.read() is grpc.aio.EOF, "a response too many")
    suite.check_status(await call.code(), await call.details(), grpc.StatusCode.OK)


@cases
async def half_duplex(target):
    requests = map(suite.output_request, suite.REQUEST_BYTES, suite.RESPONSE_BYTES)
    call = target.stub.HalfDuplexCall(requests, timeout=suite.CALL_SECONDS)
    suite.check_sizes([response async for response in call], suite.RESPONSE_BYTES)


@cases
async def empty_stream(target):
    call = target.stub.FullDuplexCall(timeout=suite.CALL_SECONDS)
    await call.done_writing()
    suite.check(await call.read() is grpc.aio.EOF, "a response")
    suite.check_status(await call.code(), await call.details(), grpc.StatusCode.OK)


@cases
async def cancel_after_begin(target):
    call = target.stub.StreamingInputCall(timeout=suite.CALL_SECONDS)
    # Otherwise there would be nothing on the wire to cancel.
    await call.wait_for_connection()
    suite.check(call.cancel(), "the call cannot be cancelled")
    suite.check_status(await call.code(), await call.details(), grpc.StatusCode.CANCELLED)


@cases
async def cancel_after_first_response(target):
    call = target.stub.FullDuplexCall(timeout=suite.CALL_SECONDS)
    await call.write(suite.output_request(suite.REQUEST_BYTES[0], suite.RESPONSE_BYTES[0]))
    suite.check_body(await call.read(), suite.RESPONSE_BYTES[0])
    suite.check(call.cancel(), "the call cannot be cancelled")
    suite.check_status(await call.code(), await call.details(), grpc.StatusCode.CANCELLED)


@cases
async def timeout_on_sleeping_server(target):
    # Without a connection, the time would pass before there is a call.
    await target.channel.channel_ready()
    call = target.stub.FullDuplexCall(timeout=0.001)
    with suite.expect_failure(grpc.StatusCode.DEADLINE_EXCEEDED):
        await call.write(suite.output_request(suite.REQUEST_BYTES[0]))
        await call.read()


@cases
async def status_code_and_message(target):
    status = suite.echo_status(suite.STATUS_MESSAGE)
    with suite.expect_failure(grpc.StatusCode.UNKNOWN, suite.STATUS_MESSAGE):
        request = suite.simple_request(1, 1, response_status=status)
        await target.stub.UnaryCall(request, timeout=suite.CALL_SECONDS)
    with suite.expect_failure(grpc.StatusCode.UNKNOWN, suite.STATUS_MESSAGE):
        request = suite.output_request(1, response_status=status)
        call = target.stub.FullDuplexCall((request,), timeout=suite.CALL_SECONDS)
        await anext(aiter(call))


@cases
async def special_status_message(target):
    status = suite.echo_status(suite.SPECIAL_STATUS_MESSAGE)
    with suite.expect_failure(grpc.StatusCode.UNKNOWN, suite.SPECIAL_STATUS_MESSAGE):
        request = suite.simple_request(1, 1, response_status=status)
        await target.stub.UnaryCall(request, timeout=suite.CALL_SECONDS)


@cases
async def custom_metadata(target):
    call = target.stub.UnaryCall(
        suite.simple_request(), metadata=suite.METADATA, timeout=suite.CALL_SECONDS
    )
    suite.check_body(await call, suite.LARGE_RESPONSE_BYTES)
    suite.check_echo(await call.initial_metadata(), await call.trailing_metadata())

    request = suite.output_request(suite.LARGE_REQUEST_BYTES, suite.LARGE_RESPONSE_BYTES)
    call = target.stub.FullDuplexCall(
        (request,), metadata=suite.METADATA, timeout=suite.CALL_SECONDS
    )
    responses = [response async for response in call]
    suite.check_sizes(responses, (suite.LARGE_RESPONSE_BYTES,))
    suite.check_echo(await call.initial_metadata(), await call.trailing_metadata())


@cases
async def unimplemented_method(target):
    with suite.expect_failure(grpc.StatusCode.UNIMPLEMENTED):
        await target.stub.UnimplementedCall(empty_pb2.Empty(), timeout=suite.CALL_SECONDS)


@cases
async def unimplemented_service(target):
    stub = test_pb2_grpc.UnimplementedServiceStub(target.channel)
    with suite.expect_failure(grpc.StatusCode.UNIMPLEMENTED):
        await stub.UnimplementedCall(empty_pb2.Empty(), timeout=suite.CALL_SECONDS)


async def _soak(stub):
    start = time.monotonic()
    response = await stub.UnaryCall(suite.simple_request(), timeout=suite.CALL_SECONDS)
    suite.check_body(response, suite.LARGE_RESPONSE_BYTES)
    elapsed = time.monotonic() - start
    suite.check(elapsed <= suite.SOAK_CALL_SECONDS, f"a call took {elapsed:.3f} s")


@cases
async def rpc_soak(target):
    for _ in range(suite.SOAK_CALLS):
        await _soak(target.stub)


@cases
async def channel_soak(target):
    for _ in range(suite.SOAK_CALLS):
        async with target.new_channel() as channel:
            await _soak(test_pb2_grpc.TestServiceStub(channel))


@cases
async def concurrent_large_unary(target):
    request = suite.simple_request()
    calls = [
        target.stub.UnaryCall(request, timeout=6 * suite.CALL_SECONDS)
        for _ in range(suite.CONCURRENT_CALLS)
    ]
    for call in calls:
        suite.check_body(await call, suite.LARGE_RESPONSE_BYTES)


@cases
async def orca_oob(target):
    stub = open_rca_pb2_grpc.OpenRcaServiceStub(target.channel)
    reports = stub.StreamCoreMetrics(suite.load_subscription(), timeout=suite.CALL_SECONDS)
    call = target.stub.FullDuplexCall(timeout=suite.CALL_SECONDS)
    for load in suite.LOADS:
        await call.write(suite.load_request(load))
        suite.check_body(await call.read(), 1)
        # Some may have been under way already. The deadline ends the wait.
        report = None
        while not suite.is_report_of(report, load):
            report = await reports.read()
            suite.check(report is not grpc.aio.EOF, "the load reports end")
    await call.done_writing()
    suite.check(await call.read() is grpc.aio.EOF, "a response too many")
    reports.cancel()


class _Target:
    """The server under test as the cases see it."""

    def __init__(self, make_channel, channel):
        self.new_channel = make_channel
        self.channel = channel
        self.stub = test_pb2_grpc.TestServiceStub(channel)


def new_channel(address, credentials, options):
    if credentials is None:
        return grpc.aio.insecure_channel(address, options)
    return grpc.aio.secure_channel(address, credentials, options)


def run(case, make_channel):
    """Runs one case on a channel of its own."""

    async def in_loop():
        async with make_channel() as channel:
            await case(_Target(make_channel, channel))

    _loop.run_until_complete(in_loop())
