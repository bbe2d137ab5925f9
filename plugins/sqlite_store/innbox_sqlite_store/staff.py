"""What staff do with a conversation."""

from collections.abc import Sequence
from sqlite3 import Row

from innbox import (
    Author,
    AuthorKind,
    Changed,
    Conflict,
    ConversationStatus,
    Direction,
    Draft,
    HandledBy,
    IngestRules,
    Message,
)
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import add_messages, bare, changed, end_suggestion, shown
from innbox_sqlite_store.rows import message_of


def staff_message(
    tx: Transaction, conversation_id: str, user: str, drafts: Sequence[Draft], client_id: str | None
) -> Changed:
    """See `Store.staff_message`."""
    before = bare(tx, conversation_id)
    if again := _seen(tx, conversation_id, client_id):
        return again
    cancelled = take(tx, before, user)
    tx.run("guest_is_answered", id=conversation_id)
    added = add_messages(tx, before, [(Direction.OUT, draft) for draft in drafts], client_id=client_id)
    return changed(tx, conversation_id, new=added, updated=cancelled)


def staff_note(tx: Transaction, conversation_id: str, user: str, text: str, client_id: str | None) -> Changed:
    """See `Store.staff_note`."""
    before = bare(tx, conversation_id)
    if again := _seen(tx, conversation_id, client_id):
        return again
    note = Draft(text, Author(AuthorKind.STAFF, user))
    return changed(tx, conversation_id, new=add_messages(tx, before, [(Direction.NOTE, note)], client_id=client_id))


def take_over(tx: Transaction, conversation_id: str, user: str) -> Changed:
    """See `Store.take_over`. A resolved conversation is nobody's, whoever had it last."""
    before = bare(tx, conversation_id)
    held = before["handled_by"] == HandledBy.STAFF.value and before["status"] != ConversationStatus.RESOLVED.value
    if held and before["assignee"] == user and before["status"] == ConversationStatus.OPEN.value:
        return Changed(shown(tx, conversation_id))
    if held and before["assignee"] not in (None, user):
        raise Conflict(f"{before['assignee']} has this conversation already.")
    cancelled = take(tx, before, user)
    tx.run("set_deliver_at", id=conversation_id)
    tx.run("set_bot_back", id=conversation_id, at=None)
    return changed(tx, conversation_id, updated=cancelled)


def return_to_bot(tx: Transaction, conversation_id: str, rules: IngestRules) -> Changed:
    """See `Store.return_to_bot`. What nobody answered is due at once: its quiet time is over."""
    before = bare(tx, conversation_id)
    if before["handled_by"] == HandledBy.BOT.value and before["status"] != ConversationStatus.SNOOZED.value:
        return Changed(shown(tx, conversation_id))
    end_suggestion(tx, before)
    tx.run("return_to_bot", id=conversation_id)
    return changed(tx, conversation_id)


def resolve(tx: Transaction, conversation_id: str) -> Changed:
    """See `Store.resolve`. A second time is no news."""
    before = bare(tx, conversation_id)
    if before["status"] == ConversationStatus.RESOLVED.value:
        return Changed(shown(tx, conversation_id))
    end_suggestion(tx, before)
    tx.run("resolve", id=conversation_id)
    return changed(tx, conversation_id)


def mark_read(tx: Transaction, conversation_id: str) -> Changed:
    """See `Store.mark_read`."""
    bare(tx, conversation_id)
    if tx.one("mark_read", id=conversation_id) is None:
        return Changed(shown(tx, conversation_id))
    return changed(tx, conversation_id)


def _seen(tx: Transaction, conversation_id: str, client_id: str | None) -> Changed | None:
    """Return what a `client_id` did the first time, or None where it is new."""
    if client_id is None:
        return None
    rows = tx.all("messages_of_client", conversation_id=conversation_id, client_id=client_id)
    if not rows:
        return None
    return Changed(shown(tx, conversation_id), messages=tuple(message_of(row) for row in rows), duplicate=True)


def take(tx: Transaction, before: Row, user: str | None) -> tuple[Message, ...]:
    """Give a conversation to staff; return the bot's messages that were cancelled. A snooze and a draft of the bot's
    are over."""
    conversation_id = before["id"]
    cancelled = sorted((message_of(row) for row in tx.all("cancel_bot", id=conversation_id)), key=lambda one: one.seq)
    tx.run("recall_bot", id=conversation_id)
    end_suggestion(tx, before, by=user)
    tx.run("take_over", id=conversation_id, user=user)
    return tuple(cancelled)
