"""Claims that nobody heard of: made by the database, perhaps, while the connection broke.

A living worker's claim keeps everybody else away. Where the answer to a claim is lost, nobody knows that it must be
given back, so its token is remembered here and goes with the next heartbeats.
"""

import time

REMEMBERED_SECONDS = 60.0  # a frozen server may still make the claim when it wakes up


class LostClaims:
    """The tokens of claims without an answer, of one process."""

    def __init__(self) -> None:
        self._claims: dict[str, tuple[str, float]] = {}

    def add(self, conversation_id: str, token: str) -> None:
        self._claims[token] = (conversation_id, time.monotonic() + REMEMBERED_SECONDS)

    def listed(self) -> tuple[list[str], list[str]]:
        """Return the conversations, and beside them the tokens."""
        return [conversation_id for conversation_id, _ in self._claims.values()], list(self._claims)

    def told(self) -> None:
        """A heartbeat has brought them all: forget the old ones."""
        now = time.monotonic()
        self._claims = {token: claim for token, claim in self._claims.items() if claim[1] > now}
