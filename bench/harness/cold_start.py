"""How long does a server take from exec to its first answer, and how large is it then?"""

import socket
import struct
import time

from harness import counters, generators, process, servers

_MIB = 1 << 20
STARTS_PER_ROUND = 4
# For what a server still does after its first answer.
SETTLE_SECONDS = 0.2
ANSWER_SECONDS = 10

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _END_HEADERS = 1, 4


def _frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _string(text):
    return bytes([len(text)]) + text.encode()


def first_request():
    """The bytes of a connection with one call: literal fields, no Huffman (RFC 7541 §6.2.2)."""
    block = (b"\x83\x86"  # :method POST, :scheme http
             + b"\x04" + _string("/" + generators.METHOD) + b"\x01" + _string("127.0.0.1")
             + b"\x0f\x10" + _string("application/grpc") + b"\x00" + _string("te")
             + _string("trailers"))
    return (_PREFACE + _frame(_SETTINGS, 0, 0) + _frame(_HEADERS, _END_HEADERS, 1, block)
            + _frame(_DATA, _END_STREAM, 1, generators.REQUEST))


def frames(connection):
    """(type, stream, payload) of each frame that comes."""
    received = b""
    while True:
        while len(received) < 9 or len(received) < 9 + int.from_bytes(received[:3], "big"):
            more = connection.recv(65536)
            if not more:
                return
            received += more
        size = int.from_bytes(received[:3], "big")
        yield received[3], int.from_bytes(received[5:9], "big") & 0x7fffffff, received[9:9 + size]
        received = received[9 + size:]


def wait_for_answer(port):
    """Makes one call on a new connection and returns once its message is there."""
    with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.sendall(first_request())
        for kind, stream, payload in frames(connection):
            if kind == _DATA and stream == 1 and b"Hello world" in payload:
                return
            if kind in (_RST_STREAM, _GOAWAY):
                break
    raise process.BenchError("the first call is not answered")


def measure(rig, scenario, programs, record, say):
    """The servers take turns, each alone on the machine."""
    for number in range(1, rig.rounds + 1):
        for _ in range(STARTS_PER_ROUND):
            for program in programs:
                if not record.is_active(program.name):
                    continue
                with record.attempt(program.name):
                    sample = one_sample(rig, scenario, program)
                    record.add(program.name, sample)
        for program in programs:
            if record.is_active(program.name):
                say(number, program.name, record.samples[program.name][-1])


def one_sample(rig, scenario, program):
    start = time.monotonic()
    with servers.stopping(rig.start(program, scenario)) as server:
        wait_for_answer(server.port)
        seconds = time.monotonic() - start
        time.sleep(SETTLE_SECONDS)
        resident, _ = counters.memory(server.pid)
    return {"first_answer_ms": seconds * 1000, "rss_mib": resident / _MIB}
