"""How does the server under test start and stop? As a child process, on a port of its choice."""

import contextlib
import dataclasses
import pathlib
import re
import selectors
import signal
import subprocess

START_SECONDS = 30
STOP_SECONDS = 30


class ServerFailed(Exception):
    """The server did not start, or did not stop as it should."""


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a client finds the server."""

    transport: str  # One of outcome.TRANSPORTS.
    port: int
    ca_file: str = ""  # PEM file with what vouches for the server; "" in the clear.


def make_certificate(folder):
    """Writes server.key and server.pem, a certificate that vouches for itself."""
    made = subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
        + ["-subj", "/CN=weir interop", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", folder / "server.key", "-out", folder / "server.pem"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise ServerFailed(f"openssl made no certificate: {made.stderr}")


def _wait_for_line(process):
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(START_SECONDS) else ""


@contextlib.contextmanager
def running(program, transport, folder):
    """A Target while the server runs. At the end it must stop gracefully when asked to."""
    flags, ca_file = [], ""
    if transport == "TLS":
        folder = pathlib.Path(folder)
        if not (folder / "server.pem").exists():
            make_certificate(folder)
        ca_file = str(folder / "server.pem")
        flags = [
            "--use_tls",
            f"--tls_cert_file={ca_file}",
            f"--tls_key_file={folder / 'server.key'}",
        ]
    with subprocess.Popen(
        [program, "--port=0", *flags], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = _wait_for_line(process)
            ready = re.fullmatch(r"listening on .*:([0-9]+)\n", line)
            if not ready:
                raise ServerFailed(f"the server does not start; it says {line!r}")
            yield Target(transport, int(ready[1]), ca_file)
            process.send_signal(signal.SIGTERM)
            try:
                code = process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise ServerFailed("the server does not stop after SIGTERM") from None
            if code != 0:
                raise ServerFailed(f"the server ended with exit code {code} after SIGTERM")
        finally:
            process.kill()
