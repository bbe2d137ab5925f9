"""The working tools of the desk."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from innbox import BotMode, CannedReply, Changed, Conflict, ConversationStatus, HandledBy, NotFound
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import bare, changed, end_suggestion, shown
from innbox_sqlite_store.rows import microseconds, to_json
from innbox_sqlite_store.staff import take


def set_labels(tx: Transaction, conversation_id: str, labels: Sequence[str]) -> Changed:
    """See `KeepsDesk.set_labels`."""
    before = bare(tx, conversation_id)
    given = list(dict.fromkeys(labels))
    if json.loads(before["labels"]) == given:
        return Changed(shown(tx, conversation_id))
    tx.run("remove_labels", id=conversation_id)
    for label in given:
        tx.run("add_label", id=conversation_id, hotel=before["hotel"], label=label, key=label.casefold())
    tx.run("set_labels", id=conversation_id, labels=to_json(given))
    return changed(tx, conversation_id)


def assign(tx: Transaction, conversation_id: str, assignee: str | None) -> Changed:
    """See `KeepsDesk.assign`."""
    before = bare(tx, conversation_id)
    held = before["handled_by"] == HandledBy.STAFF.value and before["status"] == ConversationStatus.OPEN.value
    if held and before["assignee"] == assignee:
        return Changed(shown(tx, conversation_id))
    cancelled = take(tx, before, assignee)
    tx.run("set_deliver_at", id=conversation_id)
    tx.run("set_assignee", id=conversation_id, assignee=assignee)
    tx.run("set_bot_back", id=conversation_id, at=None)
    return changed(tx, conversation_id, updated=cancelled)


def snooze(tx: Transaction, conversation_id: str, until: datetime) -> Changed:
    """See `KeepsDesk.snooze`."""
    before = bare(tx, conversation_id)
    if before["status"] == ConversationStatus.RESOLVED.value:
        raise Conflict("This conversation is resolved.")
    if before["snoozed_until"] == microseconds(until):
        return Changed(shown(tx, conversation_id))
    tx.run("snooze", id=conversation_id, until=microseconds(until))
    return changed(tx, conversation_id)


def set_bot_mode(tx: Transaction, conversation_id: str, mode: BotMode | None) -> Changed:
    """See `KeepsDesk.set_bot_mode`."""
    before = bare(tx, conversation_id)
    if before["bot_mode"] == (mode and mode.value):
        return Changed(shown(tx, conversation_id))
    if mode is not BotMode.DRAFT:
        end_suggestion(tx, before)
    has_it = before["handled_by"] == HandledBy.BOT.value and before["status"] != ConversationStatus.RESOLVED.value
    if mode is BotMode.OFF and has_it:
        tx.run("switch_bot_off", id=conversation_id)
    else:
        tx.run("set_bot_mode", id=conversation_id, mode=mode.value if mode else None)
    return changed(tx, conversation_id)


def set_bot_back(tx: Transaction, conversation_id: str, at: datetime | None) -> Changed:
    """See `KeepsDesk.set_bot_back`."""
    before = bare(tx, conversation_id)
    held = before["handled_by"] == HandledBy.STAFF.value and before["status"] != ConversationStatus.RESOLVED.value
    if at is not None and not held:
        raise Conflict("Staff do not have this conversation.")
    after = microseconds(at) if at else None
    if before["bot_back_at"] == after:
        return Changed(shown(tx, conversation_id))
    tx.run("set_bot_back", id=conversation_id, at=after)
    return changed(tx, conversation_id)


def acknowledge(tx: Transaction, conversation_id: str, user: str) -> Changed:
    """See `KeepsDesk.acknowledge`."""
    bare(tx, conversation_id)
    if tx.one("acknowledge", id=conversation_id, user=user) is None:
        return Changed(shown(tx, conversation_id))
    return changed(tx, conversation_id)


# canned replies


def canned_replies(tx: Transaction, hotels: frozenset[str] | None) -> Sequence[CannedReply]:
    """See `KeepsDesk.canned_replies`."""
    wanted = None if hotels is None else to_json(sorted(hotels))
    return [CannedReply(*row) for row in tx.all("canned_replies", hotels=wanted)]


def save_canned(tx: Transaction, reply: CannedReply) -> None:
    """See `KeepsDesk.save_canned`."""
    key = reply.shortcut.casefold()
    other = tx.one("canned_reply_of_shortcut", hotel=reply.hotel, key=key)
    if other and other["id"] != reply.id:
        raise Conflict(f"/{reply.shortcut} is another canned reply.")
    saved = _is_id(reply.id) and tx.one(
        "save_canned", id=reply.id, hotel=reply.hotel, shortcut=reply.shortcut, key=key, text=reply.text
    )
    if not saved:
        raise NotFound("There is no such canned reply.")


def remove_canned(tx: Transaction, canned_id: str) -> None:
    """See `KeepsDesk.remove_canned`."""
    if tx.one("remove_canned", id=canned_id) is None:
        raise NotFound("There is no such canned reply.")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
