"""Why a message may not leave though all works: in the same words at the desk, in a note and as a failure."""

from datetime import datetime

from innbox.messages import Failure

WINDOW_CLOSED = Failure("window_closed", "The guest wrote more than 24 hours ago: only a template may be sent.")
OPTED_OUT = Failure("opted_out", "The guest has opted out of messages that they did not ask for.")
NO_CHANNEL = Failure("no_channel", "The channel of this conversation is not enabled.")


def window_closed(closes_at: datetime | None, at: datetime) -> bool:
    """Say whether a channel's window is closed at a time; one without a window never is."""
    return closes_at is not None and closes_at <= at
