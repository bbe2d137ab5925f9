"""Identifiers: UUIDv7, so that ids sort by the time at which they were made."""

import uuid_utils


def new_id() -> str:
    """Return a new UUIDv7 (RFC 9562, section 5.7) as text."""
    return str(uuid_utils.uuid7())
