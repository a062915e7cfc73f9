"""How is a server started, and does it answer correctly before it is measured?"""

import contextlib
import re
import select
import subprocess

from harness import process
from harness.programs import ANY_NAME, STREAMS

START_SECONDS = 20
CHECK_SECONDS = 60
NAMES = ("", "Zo\u00eb", "x" * 10_000)


class Server:
    """A server program, running on its cores."""

    def __init__(self, program, path, cores, certificate=None, gzip=False):
        """`certificate` is (certificate, key) to serve TLS, as paths of PEM files."""
        self.name = program.name
        self.program = program
        self.ca_file = None
        command = [path, "--port=0", *program.flags]
        if certificate:
            self.ca_file = certificate[0]
            command += [f"--tls_cert_file={certificate[0]}", f"--tls_key_file={certificate[1]}"]
        if gzip:
            command.append("--gzip")
        self.process = process.start(command, cores, stdout=subprocess.PIPE)
        try:
            self.port = self._read_port()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.process.pid

    def _read_port(self):
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        match = re.fullmatch(r"listening on .*:(\d+)\n", line)
        if match is None:
            raise process.BenchError(f"{self.name} does not start: it says {line!r}")
        return int(match[1])

    def check_alive(self):
        if self.process.poll() is not None:
            raise process.BenchError(
                f"{self.name} has ended with exit code {self.process.returncode}")

    def stop(self):
        process.stop(self.process)
        self.process.stdout.close()


def check_answers(server, checker, cores):
    """Calls the server with gRPC C++'s client, and has it compare what comes back."""
    lacks = server.program.lacks
    names = ["world"] + ([] if ANY_NAME in lacks else list(NAMES))
    for name in names:
        command = [checker, f"--address=127.0.0.1:{server.port}", f"--name={name}"]
        if server.ca_file:
            command.append(f"--ca_file={server.ca_file}")
        if name == "world" and STREAMS not in lacks:
            command.append("--streams")
        code, _, errors = process.run(command, cores, CHECK_SECONDS)
        if code != 0:
            raise process.BenchError(f"wrong answer: {errors.strip() or code}")


def make_certificate(folder):
    """(certificate, key) of a server on the loopback, made with openssl; BenchError without it."""
    certificate, key = folder / "server.pem", folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key), "-out",
               str(certificate), "-days", "2", "-subj", "/CN=localhost", "-addext",
               "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=CHECK_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise process.BenchError(f"openssl makes no certificate: {error}") from error
    return certificate, key


@contextlib.contextmanager
def stopping(server):
    """A server that does not outlive the block."""
    try:
        yield server
    finally:
        server.stop()
