"""A client that sends the same requests over and over, in lockstep with the server: one write of
all requests of a batch, then nothing until all answers are there. So each batch is one turn of the
server's loop, whatever the machine is doing."""

import collections
import itertools
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


def _fields(path):
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path)]
    fields += [(b":authority", b"localhost"), (b"te", b"trailers")]
    return fields + [(b"content-type", b"application/grpc")]


def header_block(path):
    return b"".join(_literal(name, value) for name, value in _fields(path))


# Symbols in the order of their codes (RFC 7541 appendix B): those of five bits, and of six.
FIVE_BITS = "012aceiost"
SIX_BITS = " %-./3456789=A_bdfghlmnpru"
CODES = {symbol: f"{code:05b}" for code, symbol in enumerate(FIVE_BITS)}
CODES |= {symbol: f"{code:06b}" for code, symbol in enumerate(SIX_BITS, 0x14)}


def _huffman(text):
    bits = "".join(CODES.get(symbol, "") for symbol in text.decode())
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def _string(text):
    """With Huffman's code where we know it and it is shorter. Short texts only."""
    if not all(symbol in CODES for symbol in text.decode()):
        return bytes([len(text)]) + text
    coded = _huffman(text)
    return bytes([0x80 | len(coded)]) + coded


def _integer(first, bits, value):
    """RFC 7541 §5.1, for values that end in the next octet."""
    most = (1 << bits) - 1
    return bytes([first | value]) if value < most else bytes([first | most, value - most])


class Encoder:
    """Puts every field into the table, as the encoder of Go does: what stays the same costs an
    octet until new values have driven it out."""

    TABLE_SIZE = 4096
    FIRST = 62  # Behind the static entries.

    def __init__(self):
        self._table = collections.deque()  # The youngest first.

    def field(self, name, value):
        if (name, value) in self._table:
            return _integer(0x80, 7, self.FIRST + self._table.index((name, value)))
        names = [entry for entry, _ in self._table]
        known = self.FIRST + names.index(name) if name in names else 0
        text = _integer(0x40, 6, known) + (b"" if known else _string(name)) + _string(value)
        self._table.appendleft((name, value))
        while sum(len(n) + len(v) + 32 for n, v in self._table) > self.TABLE_SIZE:
            self._table.pop()
        return text

    def block(self, fields):
        return b"".join(self.field(name, value) for name, value in fields)


class Connection:
    """One connection, and the streams on it that are over."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._next_stream = 1
        self._encoder = Encoder()
        self._calls = itertools.count(1)
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

    def _changing_block(self):
        """With what real clients add: a timeout and a trace, of which no two are alike."""
        number = next(self._calls)
        fields = _fields(UNARY) + [(b"grpc-timeout", b"%dm" % (10_000_000 - number))]
        scattered = number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128
        trace = b"00-%032x-%016x-01" % (scattered, number)
        return self._encoder.block(fields + [(b"traceparent", trace)])

    def call(self, count, has_changing_headers=False):
        """`count` unary calls in one write. Every answer is compared."""
        block = header_block(UNARY)
        requests = b""
        for _ in range(count):
            if has_changing_headers:
                block = self._changing_block()
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
