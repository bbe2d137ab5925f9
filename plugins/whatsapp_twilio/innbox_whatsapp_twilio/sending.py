"""From an outgoing message to Twilio's fields, and from Twilio's answer to an outcome."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from innbox import (
    Attachment,
    Failure,
    InnboxError,
    Outgoing,
    Rejected,
    SendOutcome,
    Sent,
    TryLater,
    Uncertain,
    now,
)
from innbox_whatsapp_twilio.api import Refusal, TwilioMessage
from innbox_whatsapp_twilio.errors import CODES, OUTSIDE_WINDOW, Verdict, failure_of, verdict_of
from innbox_whatsapp_twilio.http_client import NotReached
from innbox_whatsapp_twilio.inbound import MOST_MEDIA, PREFIX
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings
from innbox_whatsapp_twilio.webhooks import STATUS_PATH, STATUSES

NO_NUMBER = Failure("no_number", "The hotel has no WhatsApp number any more. Tell the administrator.")
NOT_REACHED = Failure("not_reached", "Twilio cannot be reached. The message waits.")
NOT_ANSWERED = Failure("no_answer", "Twilio did not answer in time. We are asking whether it has the message.")


def fields_of(outgoing: Outgoing, number: str, public_url: str, settings: WhatsAppTwilioSettings) -> dict[str, Any]:
    """Return the arguments of `messages.create` for a message that leaves from `number`.

    A template leaves without text: Twilio takes one or the other
    (https://www.twilio.com/docs/content/send-templates-created-with-the-content-template-builder).
    """
    fields: dict[str, Any] = {"to": PREFIX + outgoing.address.handle, "from_": PREFIX + number}
    if outgoing.template is not None:
        fields["content_sid"] = outgoing.template.content_sid
        fields["content_variables"] = json.dumps(dict(outgoing.template.variables), ensure_ascii=False)
    else:
        if outgoing.text:
            fields["body"] = outgoing.text
        fields |= _attachments(outgoing.attachments, public_url)
    if settings.messaging_service_sid:
        fields["messaging_service_sid"] = settings.messaging_service_sid
    if settings.status_callbacks:
        fields["status_callback"] = f"{public_url}{STATUS_PATH}?message={quote(outgoing.message_id)}"
    return fields


def refused_here(outgoing: Outgoing) -> Rejected | None:
    """Refuse free text outside WhatsApp's window without asking Twilio, which would take it and fail it later."""
    closes_at = outgoing.window_closes_at
    if outgoing.template is None and closes_at is not None and now() >= closes_at:
        return Rejected(CODES[OUTSIDE_WINDOW].failure)
    return None


def outcome_of(message: TwilioMessage) -> Sent | Rejected:
    """Say what Twilio's own account of a message means for it."""
    status = STATUSES.get(message.status)
    if status is not None and status.value == "failed":
        return Rejected(failure_of(message.error_code, message.status))
    return Sent(message.sid) if status is None else Sent(message.sid, status)


def outcome_of_error(error: InnboxError) -> SendOutcome:
    """Say what it means for a message that Twilio could not be asked, did not answer, or refused."""
    if isinstance(error, NotReached):
        return TryLater(NOT_REACHED)
    if not isinstance(error, Refusal):
        return Uncertain(NOT_ANSWERED)
    failure = failure_of(error.code or error.status)
    match verdict_of(error.status, error.code):
        case Verdict.WAITS:
            return TryLater(failure)
        case Verdict.FINAL:
            return Rejected(failure)
        case Verdict.UNKNOWN:
            return Uncertain(failure)


def _attachments(attachments: tuple[Attachment, ...], public_url: str) -> Mapping[str, Any]:
    """Files go by address, which Twilio fetches; a place goes as a `geo:` action
    (https://www.twilio.com/docs/whatsapp/message-features)."""
    urls = [
        item.url if "://" in item.url else public_url + item.url
        for item in attachments
        if item.kind != "location" and item.url
    ]
    places = [
        f"geo:{item.latitude},{item.longitude}|{item.label or item.address or ''}"
        for item in attachments
        if item.kind == "location" and item.latitude is not None and item.longitude is not None
    ]
    fields: dict[str, Any] = {}
    if urls:
        fields["media_url"] = urls[:MOST_MEDIA]
    if places:
        fields["persistent_action"] = places[:1]
    return fields
