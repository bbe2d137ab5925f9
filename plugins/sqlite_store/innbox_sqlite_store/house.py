"""Files that guests send, and what the house needs to run: schema, chores, watermarks, counters and the pulse."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from sqlite3 import Row
from typing import Any

from innbox import Attachment, Changed, Conflict, MediaContent, MediaJob, NotFound, Pulse
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import shown, tell
from innbox_sqlite_store.rows import (
    MICROSECOND,
    attachments_of,
    attachments_to_json,
    maybe_moment,
    message_of,
    microseconds,
    moment,
)

# schema


def pending_migrations(tx: Transaction) -> Sequence[str]:
    """See `Store.pending_migrations`."""
    applied: set[str] = set()
    if tx.one("has_schema_migrations"):
        applied = {row["name"] for row in tx.all("applied_migrations")}
    return [name for name in _migrations() if name not in applied]


def migrate(tx: Transaction) -> Sequence[str]:
    """See `Store.migrate`. The lock is the one that every writing transaction has on the file."""
    pending = pending_migrations(tx)
    tx.run("create_schema_migrations")
    for name in pending:
        tx.script(_migrations()[name])
        tx.run("add_migration", name=name)
    return pending


def ping(tx: Transaction) -> None:
    """See `Store.ping`."""
    tx.one("ping")


def _migrations() -> Mapping[str, str]:
    folder = files(__package__) / "migrations"
    found = {entry.name.removesuffix(".sql"): entry for entry in folder.iterdir() if entry.name.endswith(".sql")}
    return {name: found[name].read_text(encoding="utf-8") for name in sorted(found)}


# files


def media_due(tx: Transaction, limit: int) -> Sequence[MediaJob]:
    """See `Store.media_due`."""
    return [
        MediaJob(
            message_id=row["message_id"],
            position=row["position"],
            channel=row["channel"],
            attachment=attachments_of(row["attachments"])[row["position"]],
            tries=row["tries"],
        )
        for row in tx.all("media_due", limit=limit)
    ]


def save_media(
    tx: Transaction, job: MediaJob, content: MediaContent | None, url: str | None, again_at: datetime | None
) -> Changed | None:
    """See `Store.save_media`. A file that will be tried again looks as before, so there is no event."""
    row = tx.one("message", id=job.message_id)
    attachments = attachments_of(row["attachments"]) if row else ()
    if row is None or not 0 <= job.position < len(attachments):
        return None
    after = _after_fetching(tx, job, attachments[job.position], content, url, again_at)
    if after is None:
        return Changed(shown(tx, row["conversation_id"]))
    return _with_attachment(tx, row, job.position, after)


def retry_media(tx: Transaction, message_id: str, position: int) -> Changed:
    """See `KeepsDesk.retry_media`."""
    row = tx.one("message", id=message_id)
    attachments = attachments_of(row["attachments"]) if row else ()
    if row is None or not 0 <= position < len(attachments):
        raise NotFound("There is no such file.")
    if attachments[position].state != "failed":
        raise Conflict("This file has not failed to come.")
    tx.run("fetch_again", message_id=message_id, position=position)
    return _with_attachment(tx, row, position, replace(attachments[position], state="fetching"))


def media(tx: Transaction, message_id: str, position: int) -> MediaContent | None:
    """See `Store.media`."""
    row = tx.one("media", message_id=message_id, position=position)
    return MediaContent(row["content_type"], row["data"], row["name"]) if row else None


def _with_attachment(tx: Transaction, message: Row, position: int, attachment: Attachment) -> Changed:
    """Put an attachment into the place of the one that a message had there."""
    before = attachments_of(message["attachments"])
    attachments = (*before[:position], attachment, *before[position + 1 :])
    tx.run("set_attachments", id=message["id"], attachments=attachments_to_json(attachments))
    conversation = shown(tx, message["conversation_id"])
    updated = replace(message_of(message), attachments=attachments)
    return Changed(conversation, events=tell(tx, conversation, updated=(updated,), conversation_too=False))


def _after_fetching(
    tx: Transaction,
    job: MediaJob,
    before: Attachment,
    content: MediaContent | None,
    url: str | None,
    again_at: datetime | None,
) -> Attachment | None:
    """Note what came of a try; return the attachment as it is then, or None where it looks as before."""
    where: dict[str, Any] = {"message_id": job.message_id, "position": job.position}
    if content is not None:
        kept = tx.one("keep_media", **where, content_type=content.content_type, name=content.name, data=content.data)
        name, size = content.name or before.name, len(content.data)
        ready = replace(before, state="ready", url=url, content_type=content.content_type, name=name, size=size)
        return ready if kept else None
    if again_at is not None:
        tx.run("retry_media", **where, again_at=microseconds(again_at))
        return None
    return replace(before, state="failed") if tx.one("fail_media", **where) else None


# the house itself


def claim_chore(tx: Transaction, name: str, every: timedelta) -> bool:
    """See `Store.claim_chore`."""
    return tx.one("claim_chore", name=name, every=every // MICROSECOND) is not None


def watermark(tx: Transaction, name: str) -> datetime | None:
    """See `Store.watermark`."""
    row = tx.one("watermark", name=name)
    return moment(row["at"]) if row else None


def set_watermark(tx: Transaction, name: str, at: datetime) -> None:
    """See `Store.set_watermark`."""
    tx.run("set_watermark", name=name, at=microseconds(at))


def add_counts(tx: Transaction, counts: Mapping[str, float]) -> None:
    """See `Store.add_counts`."""
    for name, amount in counts.items():
        tx.run("add_count", name=name, amount=amount)


def counts(tx: Transaction) -> Mapping[str, float]:
    """See `Store.counts`."""
    return {row["name"]: row["value"] for row in tx.all("counts")}


def pulse(tx: Transaction) -> Pulse:
    """See `Store.pulse`. A guest counts as unanswered while the bot is to answer: staff's own pace is no fault."""
    oldest, workers = tx.one("oldest_unanswered"), tx.one("living_workers")
    due, turns = tx.one("oldest_due"), tx.one("turns_in_flight")
    return Pulse(
        oldest_unanswered_at=maybe_moment(oldest["at"]) if oldest else None,
        deliveries={row["status"]: row["number"] for row in tx.all("deliveries_not_at_rest")},
        workers=workers["number"] if workers else 0,
        oldest_due_at=maybe_moment(due["at"]) if due else None,
        turns=turns["number"] if turns else 0,
    )
