"""From rows to the words of Innbox, and back."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from innbox import (
    Attachment,
    Author,
    AuthorKind,
    BotMode,
    Conversation,
    ConversationStatus,
    DeliveryStatus,
    Direction,
    Failure,
    Guest,
    HandledBy,
    Message,
    Suggestion,
    Template,
    Urgent,
    User,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """Return a stored time as an aware `datetime`."""
    return EPOCH + timedelta(microseconds=microseconds)


def maybe_moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment(microseconds)


def microseconds(at: datetime) -> int:
    """Return a time as it is stored."""
    return (at - EPOCH) // MICROSECOND


def to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


def attachments_of(text: str) -> tuple[Attachment, ...]:
    return () if text == "[]" else tuple(Attachment(**row) for row in json.loads(text))


def attachments_to_json(attachments: tuple[Attachment, ...]) -> str:
    return to_json([attachment.as_row() for attachment in attachments]) if attachments else "[]"


def template_of(text: str | None) -> Template | None:
    return None if text is None else Template(**json.loads(text))


def template_to_json(template: Template | None) -> str | None:
    return to_json(template_meta(template)["template"]) if template else None


def template_meta(template: Template | None) -> dict[str, Any]:
    """Return what of a template travels in a message's `meta`."""
    if template is None:
        return {}
    return {"template": {"content_sid": template.content_sid, "variables": dict(template.variables)}}


def message_of(row: sqlite3.Row) -> Message:
    """Return the message of a row of `messages`."""
    return _message(row, "", row["conversation_id"])


def conversation_of(row: sqlite3.Row) -> Conversation:
    """Return the conversation of a row of `shown_conversations`."""
    return Conversation(
        id=row["id"],
        hotel=row["hotel"],
        channel=row["channel"],
        guest=Guest(
            row["guest_id"],
            row["guest_name"],
            row["handle"],
            row["guest_language"],
            opted_out=row["opted_out_at"] is not None,
        ),
        status=ConversationStatus(row["status"]),
        handled_by=HandledBy(row["handled_by"]),
        epoch=row["epoch"],
        assignee=row["assignee"],
        unread=row["unread"],
        last_message=_message(row, "message_", row["id"]) if row["message_id"] is not None else None,
        last_at=moment(row["last_at"]),
        window_closes_at=maybe_moment(row["window_closes_at"]),
        labels=tuple(json.loads(row["labels"])),
        waiting_since=maybe_moment(row["waiting_since"]),
        snoozed_until=maybe_moment(row["snoozed_until"]),
        bot_mode=BotMode(row["bot_mode"]) if row["bot_mode"] else None,
        bot_back_at=maybe_moment(row["bot_back_at"]),
        scheduled_at=maybe_moment(row["scheduled_at"]),
        urgent=_urgent(row) if row["urgent_since"] is not None else None,
        suggestion=_suggestion(row) if row["suggestion_id"] is not None else None,
    )


def _urgent(row: sqlite3.Row) -> Urgent:
    return Urgent(
        moment(row["urgent_since"]),
        tuple(json.loads(row["urgent_words"])),
        row["urgent_rings_for"],
        row["urgent_acknowledged_by"],
    )


def _suggestion(row: sqlite3.Row) -> Suggestion:
    return Suggestion(
        row["suggestion_id"],
        row["suggestion_text"],
        row["suggestion_seq"],
        row["suggestion_turn_id"],
        tuple(json.loads(row["suggestion_sources"])),
    )


def effect_of(row: sqlite3.Row) -> dict[str, Any]:
    """Return what a tool did, for a row of `tool_effects`."""
    return {
        "tool": row["tool"],
        "what": row["what"],
        "data": json.loads(row["data"]),
        "needs_approval": bool(row["needs_approval"]),
    }


def user_of(row: sqlite3.Row) -> User:
    hotels = row["hotels"]
    return User(
        name=row["name"],
        role=row["role"],
        hotels=None if hotels is None else frozenset(json.loads(hotels)),
        disabled=bool(row["disabled"]),
        created_at=moment(row["created_at"]),
    )


def _message(row: sqlite3.Row, prefix: str, conversation_id: str) -> Message:
    status = row[prefix + "status"]
    code = row[prefix + "error_code"]
    return Message(
        id=row[prefix + "id"],
        conversation_id=conversation_id,
        seq=row[prefix + "seq"],
        direction=Direction(row[prefix + "direction"]),
        author=Author(AuthorKind(row[prefix + "author_kind"]), row[prefix + "author_name"]),
        text=row[prefix + "text"],
        created_at=moment(row[prefix + "created_at"]),
        attachments=attachments_of(row[prefix + "attachments"]),
        status=None if status is None else DeliveryStatus(status),
        error=None if code is None else Failure(code, row[prefix + "error_text"]),
        provider_id=row[prefix + "provider_id"],
        meta=_meta(row[prefix + "meta"]),
    )


def _meta(text: str) -> Mapping[str, Any]:
    meta: dict[str, Any] = {} if text == "{}" else json.loads(text)
    return meta
