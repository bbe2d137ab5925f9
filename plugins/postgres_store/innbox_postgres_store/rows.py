"""From the database's JSON to Innbox's data, and back. The JSON is made by the views of migration 0002."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from innbox import (
    Address,
    Attachment,
    Author,
    AuthorKind,
    BotMode,
    Changed,
    Conversation,
    ConversationStatus,
    Delivery,
    DeliveryStatus,
    Direction,
    Draft,
    Event,
    EventName,
    Failure,
    Guest,
    GuestRecord,
    HandledBy,
    Message,
    Outgoing,
    Suggestion,
    Template,
    TurnFacts,
    Urgent,
    new_id,
)

Facts = Mapping[str, Any]


def as_id(text: object) -> str | None:
    """Return an id as the database takes it, or None where it is no id at all."""
    if not isinstance(text, str):
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def moment(text: str | None) -> datetime | None:
    """Return a time of the database's JSON, in UTC."""
    return datetime.fromisoformat(text) if text else None


def attachment(facts: Facts) -> Attachment:
    return Attachment(**facts)


def failure(code: str | None, text: str | None) -> Failure | None:
    return Failure(code, text or "") if code is not None else None


def message(facts: Facts) -> Message:
    status = facts["status"]
    return Message(
        id=facts["id"],
        conversation_id=facts["conversation_id"],
        seq=facts["seq"],
        direction=Direction(facts["direction"]),
        author=Author(AuthorKind(facts["author_kind"]), facts["author_name"]),
        text=facts["text"],
        created_at=datetime.fromisoformat(facts["created_at"]),
        attachments=tuple(attachment(one) for one in facts["attachments"] or ()),
        status=DeliveryStatus(status) if status else None,
        error=failure(facts["error_code"], facts["error_text"]),
        provider_id=facts["provider_id"],
        meta=facts["meta"] or {},
    )


def messages(facts: Iterable[Facts] | None) -> tuple[Message, ...]:
    return tuple(message(one) for one in facts or ())


def conversation(facts: Facts) -> Conversation:
    last = facts["last_message"]
    return Conversation(
        id=facts["id"],
        hotel=facts["hotel"],
        channel=facts["channel"],
        guest=Guest(
            facts["guest_id"], facts["guest_name"], facts["handle"], facts["language"], opted_out=facts["opted_out"]
        ),
        status=ConversationStatus(facts["status"]),
        handled_by=HandledBy(facts["handled_by"]),
        epoch=facts["epoch"],
        assignee=facts["assignee"],
        unread=facts["unread"],
        last_message=message(last) if last else None,
        last_at=moment(facts["last_at"]),
        window_closes_at=moment(facts["window_closes_at"]),
        labels=tuple(facts["labels"]),
        waiting_since=moment(facts["waiting_since"]),
        snoozed_until=moment(facts["snoozed_until"]),
        bot_mode=BotMode(facts["bot_mode"]) if facts["bot_mode"] else None,
        bot_back_at=moment(facts["bot_back_at"]),
        scheduled_at=moment(facts["scheduled_at"]),
        urgent=urgent(facts),
        suggestion=suggestion(facts["suggestion"]),
    )


def urgent(facts: Facts) -> Urgent | None:
    since = moment(facts["urgent_since"])
    if since is None:
        return None
    return Urgent(since, tuple(facts["urgent_words"]), facts["urgent_rings_for"], facts["urgent_acknowledged_by"])


def suggestion(facts: Facts | None) -> Suggestion | None:
    if facts is None:
        return None
    return Suggestion(facts["id"], facts["text"], facts["seq"], facts["turn_id"], tuple(facts["sources"]))


def guest_record(facts: Facts) -> GuestRecord:
    return GuestRecord(
        guest=conversation(facts["conversation"]).guest,
        first_seen_at=datetime.fromisoformat(facts["first_seen_at"]),
        addresses=tuple((channel, handle) for channel, handle in facts["addresses"] or ()),
        opted_out_at=moment(facts["opted_out_at"]),
        conversations=tuple(conversation(one) for one in facts["others"] or ()),
    )


def turn(facts: Facts) -> TurnFacts:
    return TurnFacts(
        id=facts["id"],
        conversation_id=facts["conversation_id"],
        ending=facts["ending"],
        ended_at=datetime.fromisoformat(facts["ended_at"]),
        record=facts["record"],
        effects=tuple(facts["effects"] or ()),
    )


def changed(facts: Facts) -> Changed:
    """Return what the function `tell` says: the conversation, the messages added, and the events in their order."""
    now_is = conversation(facts["conversation"])
    added = messages(facts["added"])
    if facts.get("duplicate"):
        return Changed(now_is, added, duplicate=True)
    told = [(EventName.MESSAGE_UPDATE, one.as_json()) for one in messages(facts["updated"])]
    told += [(EventName.NEW_MESSAGE, one.as_json()) for one in added]
    if facts["whole"]:
        told.append((EventName.CONVERSATION_UPDATE, now_is.as_json()))
    events = tuple(
        Event(number, name, now_is.hotel, now_is.channel, now_is.id, data)
        for number, (name, data) in enumerate(told, facts["first_event"] or 0)
    )
    return Changed(now_is, added, events)


def delivery(facts: Facts) -> Delivery:
    """Return what the function `claim_delivery` says."""
    sent = message(facts["message"])
    approved = template(sent.meta.get("template"))
    return Delivery(
        outgoing=Outgoing(
            message_id=sent.id,
            conversation_id=sent.conversation_id,
            hotel=facts["hotel"],
            address=Address(facts["channel"], facts["handle"]),
            text=sent.text,
            attempt=facts["attempt"],
            sending_since=datetime.fromisoformat(facts["sending_since"]),
            attachments=sent.attachments,
            template=approved,
            window_closes_at=moment(facts["window_closes_at"]),
            author=sent.author.kind,
            seq=sent.seq,
            created_at=sent.created_at,
            proactive=bool(approved or sent.meta.get("proactive")),
            opted_out=facts["opted_out"],
        ),
        fence=facts["fence"],
        doubtful=facts["doubtful"],
        absences=facts["absences"],
        author=sent.author.kind,
        trace=sent.meta.get("trace") or sent.id,
    )


def template(facts: Facts | None) -> Template | None:
    return Template(facts["content_sid"], facts.get("variables") or {}) if facts else None


def attachments_json(attachments: Sequence[Attachment]) -> str | None:
    return json.dumps([one.as_row() for one in attachments]) if attachments else None


def drafts_json(drafts: Iterable[Draft], direction: Direction, **meta: Any) -> list[dict[str, Any]]:
    """Return drafts as the function `add_messages` takes them, each with a new id. A template travels in `meta`."""
    return [_draft_json(draft, direction, meta) for draft in drafts]


def _draft_json(draft: Draft, direction: Direction, meta: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**draft.meta, **meta}
    if draft.template:
        whole["template"] = {
            "content_sid": draft.template.content_sid,
            "variables": dict(draft.template.variables),
        }
    return {
        "id": new_id(),
        "direction": direction.value,
        "author_kind": draft.author.kind.value,
        "author_name": draft.author.name,
        "text": draft.text,
        "attachments": [one.as_row() for one in draft.attachments] or None,
        "meta": whole,
    }
