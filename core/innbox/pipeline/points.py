"""Points: the named moments of a message's way at which a crash would hurt most.

A running Innbox does nothing here. `innbox.testing.crashing` starts a process in which passing a point kills it, stops
it, holds it up or tells somebody; no setting and no variable of the environment can.
"""

POINTS = (
    "ingest.before_store",
    "ingest.stored",
    "ingest.before_ok",
    "turn.claimed",
    "turn.routed",
    "turn.thought",
    "turn.before_commit",
    "turn.committed",
    "delivery.claimed",
    "delivery.before_send",
    "delivery.sent",
    "delivery.before_settle",
    "delivery.settled",
)


def reached(name: str) -> None:
    """Say that one of `POINTS` is passed."""
