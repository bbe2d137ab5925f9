"""What every verb that writes needs: messages added to a conversation, and events added to the log."""

from collections.abc import Iterable, Sequence
from sqlite3 import Row
from typing import Any

from innbox import (
    AuthorKind,
    Changed,
    Conversation,
    DeliveryStatus,
    Direction,
    Draft,
    Event,
    EventName,
    Message,
    NotFound,
    new_id,
)
from innbox_sqlite_store import figures
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.rows import (
    attachments_to_json,
    conversation_of,
    message_of,
    template_meta,
    template_to_json,
    to_json,
)


def bare(tx: Transaction, conversation_id: str) -> Row:
    """Return a conversation's row; raise `NotFound` where there is none."""
    row = tx.one("conversation", id=conversation_id)
    if row is None:
        raise NotFound("There is no such conversation.")
    return row


def shown(tx: Transaction, conversation_id: str) -> Conversation:
    """Return a conversation as it is now; raise `NotFound` where there is none."""
    row = tx.one("shown_conversation", id=conversation_id)
    if row is None:
        raise NotFound("There is no such conversation.")
    return conversation_of(row)


def add_messages(
    tx: Transaction, conversation: Row, drafts: Iterable[tuple[Direction, Draft]], **more: Any
) -> tuple[Message, ...]:
    """Add our own messages behind a conversation's last one; `out` messages are pending, and due now.

    `more` may hold `client_id` (the desk's own id), `turn_id`, which goes into the messages' `meta`, and where they
    answer a guest who waited, `waited_since`. What leaves is counted.
    """
    of_turn = {"turn_id": more["turn_id"]} if more.get("turn_id") else {}
    added: list[Message] = []
    for number, (direction, draft) in enumerate(drafts, start=1):
        leaving = direction is Direction.OUT
        row = tx.one(
            "add_message",
            id=new_id(),
            conversation_id=conversation["id"],
            seq=conversation["last_seq"] + number,
            direction=direction.value,
            author_kind=draft.author.kind.value,
            author_name=draft.author.name,
            text=draft.text,
            attachments=attachments_to_json(draft.attachments),
            meta=to_json({**draft.meta, **of_turn, **template_meta(draft.template)}),
            provider_id=None,
            client_id=more.get("client_id"),
            status=DeliveryStatus.PENDING.value if leaving else None,
            template=template_to_json(draft.template),
            due_at=tx.now if leaving else None,
        )
        assert row is not None
        added.append(message_of(row))
    if added:
        tx.run("conversation_grew", id=conversation["id"], seq=added[-1].seq, message_id=added[-1].id)
        _count(tx, conversation, added, more.get("waited_since"))
    return tuple(added)


def end_suggestion(
    tx: Transaction, conversation: Row, outcome: str = "ended", by: str | None = None, final_text: str | None = None
) -> None:
    """Settle the bot's draft that waits in a conversation, where there is one."""
    if conversation["suggestion_id"] is not None:
        tx.run("settle_suggestion", id=conversation["id"], outcome=outcome, by=by, final_text=final_text)
        tx.run("forget_suggestion", id=conversation["id"])


def changed(
    tx: Transaction, conversation_id: str, new: tuple[Message, ...] = (), updated: tuple[Message, ...] = ()
) -> Changed:
    """Return a conversation that has changed, with the events that say so."""
    conversation = shown(tx, conversation_id)
    return Changed(conversation, messages=new, events=tell(tx, conversation, new=new, updated=updated))


def tell(
    tx: Transaction,
    conversation: Conversation,
    *,
    new: Sequence[Message] = (),
    updated: Sequence[Message] = (),
    conversation_too: bool = True,
) -> tuple[Event, ...]:
    """Add events to the log: messages whose status changed, messages that are new, then the conversation."""
    events = [_event(tx, EventName.MESSAGE_UPDATE, conversation, message) for message in updated]
    events += [_event(tx, EventName.NEW_MESSAGE, conversation, message) for message in new]
    if conversation_too:
        events.append(_event(tx, EventName.CONVERSATION_UPDATE, conversation, None))
    return tuple(events)


def _count(tx: Transaction, conversation: Row, added: Sequence[Message], waited_since: int | None) -> None:
    writers = [message.author.kind for message in added if message.direction is Direction.OUT]
    if writers:
        figures.count(
            tx,
            conversation["hotel"],
            bot_messages=writers.count(AuthorKind.BOT),
            staff_messages=writers.count(AuthorKind.STAFF),
            **{f"{writers[0].value}_waited": waited_since},
        )


def _event(tx: Transaction, name: EventName, conversation: Conversation, message: Message | None) -> Event:
    number = tx.run(
        "add_event",
        name=name.value,
        hotel=conversation.hotel,
        channel=conversation.channel,
        conversation_id=conversation.id,
        message_id=message.id if message else None,
    )
    assert number is not None
    data = message.as_json() if message else conversation.as_json()
    return Event(number, name, conversation.hotel, conversation.channel, conversation.id, data)
