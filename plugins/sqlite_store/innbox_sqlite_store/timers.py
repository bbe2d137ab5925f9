"""What time brings: snoozes that end, the bot's return, the next ring, and scheduled messages."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Row

from innbox import (
    Author,
    AuthorKind,
    BotMode,
    Changed,
    Direction,
    Draft,
    IngestRules,
    NotFound,
    Scheduled,
    Timer,
    TimerKind,
    new_id,
)
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import add_messages, bare, changed, shown
from innbox_sqlite_store.rows import microseconds, moment
from innbox_sqlite_store.staff import return_to_bot


def due_timers(tx: Transaction, limit: int) -> Sequence[Timer]:
    """See `KeepsDesk.due_timers`."""
    return [
        Timer(TimerKind(row["kind"]), row["hotel"], row["conversation_id"], row["subject"])
        for row in tx.all("due_timers", limit=max(limit, 0))
    ]


def wake_snoozed(tx: Transaction, conversation_id: str) -> Changed | None:
    """See `KeepsDesk.wake_snoozed`."""
    return changed(tx, conversation_id) if tx.one("wake_snoozed", id=conversation_id) else None


def bot_back(tx: Transaction, conversation_id: str, rules: IngestRules) -> Changed | None:
    """See `KeepsDesk.bot_back`. The conversation's own mode goes before the hotel's."""
    before = tx.one("conversation", id=conversation_id)
    if before is None or before["bot_back_at"] is None or before["bot_back_at"] > tx.now:
        return None
    mode = before["bot_mode"]
    if mode != BotMode.OFF.value if mode else rules.bot_on:
        return return_to_bot(tx, conversation_id, rules)
    tx.run("set_bot_back", id=conversation_id, at=None)
    return changed(tx, conversation_id)


def ring(tx: Transaction, conversation_id: str, person: str | None, again_at: datetime | None) -> Changed | None:
    """See `KeepsDesk.ring`."""
    after = microseconds(again_at) if again_at else None
    rung = tx.one("ring", id=conversation_id, person=person, again_at=after)
    return changed(tx, conversation_id) if rung else None


# scheduled messages


def schedule(
    tx: Transaction, conversation_id: str, user: str, text: str, at: datetime, client_id: str | None
) -> tuple[Scheduled, Changed]:
    """See `KeepsDesk.schedule`."""
    conversation = bare(tx, conversation_id)
    before = tx.one("scheduled_of_client", conversation_id=conversation_id, client_id=client_id)
    if before is not None:
        return _scheduled(before), Changed(shown(tx, conversation_id), duplicate=True)
    row = tx.one(
        "add_scheduled",
        id=new_id(),
        conversation_id=conversation_id,
        user=user,
        text=text,
        at=microseconds(at),
        seen_seq=conversation["guest_seq"],
        client_id=client_id,
    )
    assert row is not None
    tx.run("keep_scheduled_at", id=conversation_id)
    return _scheduled(row), changed(tx, conversation_id)


def scheduled(tx: Transaction, conversation_id: str) -> Sequence[Scheduled]:
    """See `KeepsDesk.scheduled`."""
    bare(tx, conversation_id)
    return [_scheduled(row) for row in tx.all("scheduled", id=conversation_id)]


def unschedule(tx: Transaction, scheduled_id: str) -> Changed:
    """See `KeepsDesk.unschedule`."""
    ended = tx.one("end_scheduled", id=scheduled_id, due=False)
    if ended is None:
        raise NotFound("There is no such scheduled message.")
    tx.run("keep_scheduled_at", id=ended["conversation_id"])
    return changed(tx, ended["conversation_id"])


def send_scheduled(
    tx: Transaction, scheduled_id: str, drafts: Sequence[Draft], note: str | None = None
) -> Changed | None:
    """See `KeepsDesk.send_scheduled`. It answers what the guest had written when it was scheduled, unless the bot is
    about to, or a note takes its place."""
    ended = tx.one("end_scheduled", id=scheduled_id, due=True)
    if ended is None:
        return None
    conversation = bare(tx, ended["conversation_id"])
    seen = ended["seen_seq"] > conversation["answered_seq"]
    answers = seen and note is None and conversation["answer_at"] is None
    waited_since = conversation["waiting_since"] if answers else None
    leaving = [(Direction.OUT, draft) for draft in drafts]
    if note is not None:
        leaving = [(Direction.NOTE, Draft(note, Author(AuthorKind.SYSTEM)))]
    added = add_messages(tx, conversation, leaving, waited_since=waited_since)
    if answers:
        tx.run("guest_is_answered_up_to", id=conversation["id"], seq=ended["seen_seq"])
    tx.run("keep_scheduled_at", id=conversation["id"])
    return changed(tx, conversation["id"], new=added)


def _scheduled(row: Row) -> Scheduled:
    return Scheduled(
        id=row["id"],
        conversation_id=row["conversation_id"],
        user=row["user_name"],
        text=row["text"],
        at=moment(row["at"]),
        created_at=moment(row["created_at"]),
    )
