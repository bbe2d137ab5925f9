"""What staff do with a conversation."""

from sqlite3 import Row

from innbox import Changed, Conflict, ConversationStatus, HandledBy, IngestRules, Message
from innbox_sqlite_store import figures
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import bare, changed, end_suggestion, shown
from innbox_sqlite_store.rows import message_of


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
    figures.count_resolved(tx, before)
    tx.run("resolve", id=conversation_id)
    return changed(tx, conversation_id)


def mark_read(tx: Transaction, conversation_id: str) -> Changed:
    """See `Store.mark_read`."""
    bare(tx, conversation_id)
    if tx.one("mark_read", id=conversation_id) is None:
        return Changed(shown(tx, conversation_id))
    return changed(tx, conversation_id)


def take(tx: Transaction, before: Row, user: str | None) -> tuple[Message, ...]:
    """Give a conversation to staff; return the bot's messages that were cancelled. A snooze and a draft of the bot's
    are over."""
    conversation_id = before["id"]
    cancelled = sorted((message_of(row) for row in tx.all("cancel_bot", id=conversation_id)), key=lambda one: one.seq)
    tx.run("recall_bot", id=conversation_id)
    end_suggestion(tx, before, by=user)
    tx.run("take_over", id=conversation_id, user=user)
    return tuple(cancelled)
