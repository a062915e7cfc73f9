"""What can be said about one case, and how is all of it shown? Outcomes and the matrix."""

import dataclasses

TRANSPORTS = ("h2c", "TLS")
PASSED = "passed"
FAILED = "FAILED"


class NotRun(Exception):
    """A judge cannot be run on this machine; its text says what is missing."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The verdict of one client on one case over one transport."""

    client: str
    case: str
    transport: str
    passed: bool
    detail: str = ""  # Why it failed, or what a case consisted of.

    def line(self):
        verdict = PASSED if self.passed else FAILED
        return f"{self.client:<22} {self.transport:<4} {verdict} {self.case}"


class Matrix:
    """Clients beside each other, cases below each other."""

    def __init__(self):
        self._clients = []  # (name, version or None, why it was not run)
        self._outcomes = {}  # (client, case, transport) -> Outcome
        self._cases = []

    def add_client(self, client, version, why_not=""):
        self._clients.append((client, version, why_not))

    def add(self, outcome):
        self._outcomes[outcome.client, outcome.case, outcome.transport] = outcome
        if outcome.case not in self._cases:
            self._cases.append(outcome.case)

    def has_clients(self):
        return bool(self._clients)

    def failures(self):
        return [each for each in self._outcomes.values() if not each.passed]

    def not_run(self):
        return [f"{client}: {why}" for client, _, why in self._clients if why]

    def count(self):
        return len(self._outcomes)

    def markdown(self):
        """Two lists: of the clients, and of the cases with two columns for each client."""
        lines = []
        for client, version, why in self._clients:
            lines.append(f"- {client}: {f'not run, {why}' if why else version}")
        columns = [
            (client, transport, why) for client, _, why in self._clients for transport in TRANSPORTS
        ]
        heads = [f"{client}, {transport}" for client, transport, _ in columns]
        lines += ["", "| case | " + " | ".join(heads) + " |"]
        lines.append("|---" * (len(columns) + 1) + "|")
        for case in self._cases:
            cells = [self._cell(client, case, transport, why) for client, transport, why in columns]
            lines.append(f"| {case} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def _cell(self, client, case, transport, why):
        if why:
            return "not run"
        outcome = self._outcomes.get((client, case, transport))
        if outcome is None:
            return "–"
        if not outcome.passed:
            return FAILED
        return outcome.detail or PASSED
