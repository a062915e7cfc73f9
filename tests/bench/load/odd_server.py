#!/usr/bin/env python3
"""What does the load client do with a server that is strict, leaves, or breaks HTTP/2?

Usage: odd_server.py MANNER. Listens on a free port, which it prints, and answers every request with
one greeting to a name of as many x as the request has, in one of these manners:

  tight      at most 3 streams and windows of a few octets; a client that exceeds them is told so
  graceful   GOAWAY(NO_ERROR) after ten requests, of which the last is not answered
  refuse, reset   RST_STREAM for every tenth request
  goaway     GOAWAY(ENHANCE_YOUR_CALM) instead of the tenth answer
  close      closes instead of the tenth answer
  more       DATA behind the end of an answer
  untrailed  END_STREAM on DATA
  http       :status 404
"""

import contextlib
import signal
import socket
import struct
import sys
import threading

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = 24
# Literals without indexing, so that blocks depend on nothing (RFC 7541 section 6.2.2).
ANSWER = b"\x88\x0f\x10\x10application/grpc"
NOT_FOUND = b"\x8d"
TRAILERS = b"\x00\x0bgrpc-status\x010"
TIGHT_STREAMS = 3
TIGHT_WINDOW = 1000
MANNER = sys.argv[1]


def frame(kind, flags, stream, payload=b""):
    """One frame of HTTP/2."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def varint(value):
    """As protobuf writes it."""
    text = b""
    while value >= 128:
        text += bytes([value % 128 + 128])
        value //= 128
    return text + bytes([value])


class Connection:
    """One client, served by a thread."""

    def __init__(self, peer):
        self.peer = peer
        self.buffer = b""
        self.requests = {}  # by stream: the octets of its message so far
        self.windows = {0: 65535}
        self.answered = 0
        self.last = 1 << 31  # the last stream that is answered

    def read(self, size):
        """Exactly so many octets; None when there are no more."""
        while len(self.buffer) < size:
            more = self.peer.recv(65536)
            if not more:
                return None
            self.buffer += more
        octets, self.buffer = self.buffer[:size], self.buffer[size:]
        return octets

    def send(self, *frames):
        """Frames, at once."""
        self.peer.sendall(b"".join(frames))

    def complain(self, sentence):
        """Tells the client what it did wrong."""
        self.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 3) + sentence.encode()))

    def serve(self):
        """Until the client, or this server in its manner, closes."""
        settings = [(3, TIGHT_STREAMS), (4, 10), (1, 60)] if MANNER == "tight" else []
        self.send(frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in settings)))
        goes_on = self.read(PREFACE) is not None
        while goes_on:
            head = self.read(9)
            if head is None:
                break
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = self.read(int.from_bytes(head[:3], "big"))
            goes_on = payload is not None and self.on_frame(kind, flags, stream, payload)
        # What was not read would make this a reset, which takes along what the client has not read.
        self.peer.shutdown(socket.SHUT_WR)
        while self.peer.recv(65536):
            pass
        self.peer.close()

    def on_frame(self, kind, flags, stream, payload):
        """False to close."""
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
            if MANNER == "tight":
                # Windows change while streams are open, and pings want an answer.
                self.send(frame(PING, 0, 0, b"12345678"))
        elif kind == HEADERS:
            self.requests[stream] = b""
            self.windows[stream] = 10
            if MANNER == "tight" and len(self.requests) > TIGHT_STREAMS:
                self.complain(f"{len(self.requests)} streams are open")
                return False
        elif kind == DATA:
            return self.on_data(flags, stream, payload)
        return True

    def on_data(self, flags, stream, payload):
        """A piece of a request."""
        if MANNER == "tight":
            for window in (0, stream):
                self.windows[window] -= len(payload)
                if self.windows[window] < 0:
                    self.complain(f"the window of stream {window} is exceeded")
                    return False
                # The stream's is given back and widened, the connection's is given back.
                more = len(payload) + (TIGHT_WINDOW if window else 0)
                if more:
                    self.windows[window] += more
                    self.send(frame(WINDOW_UPDATE, 0, window, struct.pack(">I", more)))
        self.requests[stream] += payload
        return self.answer(stream) if flags & END_STREAM else True

    def answer(self, stream):
        """The request on this stream is complete."""
        request = self.requests.pop(stream)
        name = request[5:].lstrip(b"\n")[-(request.count(b"x") or 5):]
        greeting = b"Hello " + name
        message = b"\n" + varint(len(greeting)) + greeting
        data = b"\0" + struct.pack(">I", len(message)) + message
        self.answered += 1
        is_tenth = self.answered % 10 == 0
        if is_tenth and MANNER in ("refuse", "reset"):
            self.send(frame(RST_STREAM, 0, stream,
                            struct.pack(">I", 7 if MANNER == "refuse" else 2)))
            return True
        if is_tenth and MANNER == "goaway":
            self.send(frame(GOAWAY, 0, 0, struct.pack(">II", stream, 11) + b"too much"))
            return False
        if is_tenth and MANNER == "close":
            return False
        if is_tenth and MANNER == "graceful":
            self.last = stream - 2
            self.send(frame(GOAWAY, 0, 0, struct.pack(">II", self.last, 0)))
        if stream > self.last:
            return True
        if MANNER == "http":
            self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, NOT_FOUND))
            return True
        head = frame(HEADERS, END_HEADERS, stream, ANSWER)
        if MANNER == "untrailed":
            self.send(head, frame(DATA, END_STREAM, stream, data))
            return True
        pieces = [frame(DATA, 0, stream, data[at:at + 16384]) for at in range(0, len(data), 16384)]
        end = frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS)
        more = [frame(DATA, 0, stream, b"more")] if MANNER == "more" else []
        self.send(head, *pieces, end, *more)
        return True


def serve(peer):
    """One client until it leaves, by closing or by a reset."""
    with contextlib.suppress(ConnectionError):
        Connection(peer).serve()


def main():
    """See the head of this file."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        peer, _ = listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(peer,), daemon=True).start()


if __name__ == "__main__":
    main()
