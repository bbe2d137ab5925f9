"""What staff write: replies with all that may come with them, notes, and what they make of the bot's drafts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from sqlite3 import Row
from typing import Any

from innbox import (
    Author,
    AuthorKind,
    Changed,
    Conflict,
    ConversationStatus,
    Direction,
    Draft,
    HandledBy,
    MediaContent,
    Message,
    StaffReply,
    TurnFacts,
)
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import add_messages, bare, changed, end_suggestion, shown, tell
from innbox_sqlite_store.rows import attachments_to_json, effect_of, message_of, moment, to_json
from innbox_sqlite_store.staff import take


def reply(tx: Transaction, reply: StaffReply) -> Changed:
    """See `KeepsDesk.reply`, and `Store.staff_message`."""
    before = bare(tx, reply.conversation_id)
    if again := _seen(tx, before["id"], reply.client_id):
        return again
    if reply.seen_seq is not None and reply.seen_seq < before["guest_seq"]:
        raise Conflict("The guest has written something that you have not seen yet.")
    cancelled = _settle_hands(tx, before, reply)
    tx.run("guest_is_answered", id=before["id"])
    added = add_messages(
        tx,
        before,
        [(Direction.OUT, draft) for draft in reply.drafts],
        client_id=reply.client_id,
        waited_since=before["waiting_since"],
    )
    if reply.files:
        added = (_keep_files(tx, added[0], reply.files), *added[1:])
    return changed(tx, before["id"], new=added, updated=cancelled)


def note(
    tx: Transaction, conversation_id: str, user: str, text: str, client_id: str | None, mentions: Sequence[str]
) -> Changed:
    """See `KeepsDesk.note`, and `Store.staff_note`."""
    before = bare(tx, conversation_id)
    if again := _seen(tx, conversation_id, client_id):
        return again
    note = Draft(text, Author(AuthorKind.STAFF, user), meta={"mentions": list(mentions)} if mentions else {})
    return changed(tx, conversation_id, new=add_messages(tx, before, [(Direction.NOTE, note)], client_id=client_id))


def dismiss_suggestion(tx: Transaction, conversation_id: str, suggestion_id: str, user: str) -> Changed:
    """See `KeepsDesk.dismiss_suggestion`."""
    before = bare(tx, conversation_id)
    if before["suggestion_id"] is None or before["suggestion_id"] != suggestion_id:
        return Changed(shown(tx, conversation_id))
    end_suggestion(tx, before, "dismissed", user)
    return changed(tx, conversation_id)


def turn(tx: Transaction, turn_id: str) -> TurnFacts | None:
    """See `KeepsDesk.turn`."""
    row = tx.one("turn", id=turn_id)
    if row is None:
        return None
    return TurnFacts(
        id=row["id"],
        conversation_id=row["conversation_id"],
        ending=row["ending"],
        ended_at=moment(row["ended_at"]),
        record=json.loads(row["record"]),
        effects=tuple(effect_of(effect) for effect in tx.all("effects_of_turn", id=row["id"])),
    )


def save_translation(tx: Transaction, message_id: str, language: str, text: str, source: str | None) -> Changed | None:
    """See `KeepsDesk.save_translation`."""
    before = tx.one("message", id=message_id)
    if before is None:
        return None
    learnt = False
    if source is not None and before["direction"] == Direction.IN.value:
        learnt = tx.one("learn_language", id=before["conversation_id"], language=source) is not None
    meta = _with_translation(json.loads(before["meta"]), language, text, source)
    after = tx.one("set_meta", id=message_id, meta=to_json(meta))
    assert after is not None
    conversation = shown(tx, before["conversation_id"])
    updated = (message_of(after),) if after["meta"] != before["meta"] else ()
    return Changed(conversation, events=tell(tx, conversation, updated=updated, conversation_too=learnt))


def _seen(tx: Transaction, conversation_id: str, client_id: str | None) -> Changed | None:
    """Return what a `client_id` did the first time, or None where it is new."""
    if client_id is None:
        return None
    rows = tx.all("messages_of_client", conversation_id=conversation_id, client_id=client_id)
    if not rows:
        return None
    return Changed(shown(tx, conversation_id), messages=tuple(message_of(row) for row in rows), duplicate=True)


def _settle_hands(tx: Transaction, before: Row, reply: StaffReply) -> tuple[Message, ...]:
    """Settle the draft that a reply was made of; it leaves a conversation with the bot. Any other takes it over. Return
    the bot's messages that were cancelled by that."""
    if before["suggestion_id"] is not None and before["suggestion_id"] == reply.suggestion_id:
        end_suggestion(tx, before, "sent", reply.user, "\n".join(draft.text for draft in reply.drafts))
        before = bare(tx, before["id"])
    bots = before["handled_by"] == HandledBy.BOT.value and before["status"] != ConversationStatus.RESOLVED.value
    if bots and tx.one("suggestion", id=reply.suggestion_id, conversation_id=before["id"]):
        end_suggestion(tx, before, by=reply.user)
        tx.run("drop_turn", id=before["id"])
        return ()
    return take(tx, before, reply.user)


def _keep_files(tx: Transaction, message: Message, files: Sequence[MediaContent]) -> Message:
    """Keep the files of a reply; return its message with the attachments ready to be fetched from this house."""
    for position, file in enumerate(files):
        tx.run(
            "add_file",
            message_id=message.id,
            position=position,
            content_type=file.content_type,
            name=file.name,
            data=file.data,
        )
    attachments = tuple(
        replace(attachment, state="ready", url=f"/media/{message.id}/{position}")
        for position, (attachment, _) in enumerate(zip(message.attachments, files, strict=True))
    )
    tx.run("set_attachments", id=message.id, attachments=attachments_to_json(attachments))
    return replace(message, attachments=attachments)


def _with_translation(meta: Mapping[str, Any], language: str, text: str, source: str | None) -> dict[str, Any]:
    known = {} if source is None else {"language": source}
    if source == language:
        return {**meta, **known}
    return {**meta, **known, "translations": {**meta.get("translations", {}), language: text}}
