"""A client that sends the same requests over and over, in lockstep with the server: one write of
all requests of a batch, then nothing until all answers are there. So each batch is one turn of the
server's loop, whatever the machine is doing."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
WINDOW_MAX = 2**31 - 1
ANSWER_SECONDS = 60  # A server under valgrind is slow.

# The greeter's, and a bidirectional one of the bench's servers.
UNARY = b"/helloworld.Greeter/SayHello"
CHAT = b"/weir.bench.Streams/Chat"
REQUEST = b"\0\0\0\0\x07\x0a\x05world"
RESPONSE = b"\0\0\0\0\x0d\x0a\x0bHello world"


class Failed(Exception):
    """The server did not do as it should; the text says what it did."""


def frame(kind, flags, stream, payload=b""):
    """Length, type, flags, stream (RFC 9113 §4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(name, value):
    """A literal field without indexing, with a literal name (RFC 7541 §6.2.2). Short texts only."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def header_block(path):
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path)]
    fields += [(b":authority", b"localhost"), (b"te", b"trailers")]
    fields += [(b"content-type", b"application/grpc")]
    return b"".join(_literal(name, value) for name, value in fields)


class Connection:
    """One connection, and the streams on it that are over."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._next_stream = 1
        window = struct.pack(">HI", 4, WINDOW_MAX)
        grant = frame(8, 0, 0, struct.pack(">I", WINDOW_MAX - 65535))
        self._socket.sendall(PREFACE + frame(SETTINGS, 0, 0, window) + grant)
        while self._next_frame()[0] != SETTINGS:
            pass
        self._socket.sendall(frame(SETTINGS, ACK, 0))

    def close(self):
        self._socket.close()

    def _next_frame(self):
        """(type, flags, stream, payload)"""
        while True:
            if len(self._buffer) >= 9:
                size = int.from_bytes(self._buffer[:3], "big")
                if len(self._buffer) >= 9 + size:
                    kind, flags, stream = struct.unpack(">BBI", self._buffer[3:9])
                    payload, self._buffer = self._buffer[9:9 + size], self._buffer[9 + size:]
                    return kind, flags, stream, payload
            received = self._socket.recv(1 << 16)
            if not received:
                raise Failed("the server closed the connection")
            self._buffer += received

    def _take_stream(self):
        stream = self._next_stream
        self._next_stream += 2
        return stream

    def call(self, count):
        """`count` unary calls in one write. Every answer is compared."""
        block = header_block(UNARY)
        requests = b""
        for _ in range(count):
            stream = self._take_stream()
            requests += frame(HEADERS, END_HEADERS, stream, block)
            requests += frame(DATA, END_STREAM, stream, REQUEST)
        self._socket.sendall(requests)
        bodies, left = {}, count
        while left:
            kind, flags, stream, payload = self._next_frame()
            if kind in (RST_STREAM, GOAWAY):
                raise Failed(f"the server sent a frame of type {kind}: {payload!r}")
            if kind == DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                if bodies.pop(stream, b"") != RESPONSE:
                    raise Failed("an answer is not 'Hello world'")
                left -= 1

    def open_streams(self, count):
        """Bidirectional calls that stay open. Each has had its first message, and an echo of it."""
        block = header_block(CHAT)
        message = b"\0\0\0\0\x03\x0a\x01x"
        requests, waiting = b"", set()
        for _ in range(count):
            stream = self._take_stream()
            waiting.add(stream)
            requests += frame(HEADERS, END_HEADERS, stream, block)
            requests += frame(DATA, 0, stream, message)
        self._socket.sendall(requests)
        while waiting:
            kind, flags, stream, payload = self._next_frame()
            if kind in (RST_STREAM, GOAWAY) or (kind in (DATA, HEADERS) and flags & END_STREAM):
                raise Failed(f"the server ended a stream: {kind} {payload!r}")
            if kind == DATA:
                waiting.discard(stream)
