"""The part of Twilio's REST API that this channel uses, in plain data: nothing of Twilio's library leaves this module.

Resources: https://www.twilio.com/docs/messaging/api/message-resource,
https://www.twilio.com/docs/messaging/api/media-resource and
https://www.twilio.com/docs/content/content-api-resources; for `innbox check --live`, those that `console` names.
"""

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from sys import intern
from types import TracebackType
from typing import Any, Self, TypeVar

from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.base.values import unset  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from innbox import InnboxError
from innbox_whatsapp_twilio.http_client import NotAnswered, TwilioHttp
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings

PAGE_SIZE = 200
TEMPLATES_PAGE, MOST_TEMPLATES = 100, 1000

T = TypeVar("T")


class Refusal(InnboxError):
    """Twilio answered with an error; `code` is its own code, `status` that of HTTP."""

    def __init__(self, status: int, code: int | None) -> None:
        super().__init__(f"Twilio answered {status}, error {code or 'unknown'}.")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class TwilioMessage:
    """A Message resource. `at` is when Twilio made it (whole seconds, UTC); addresses carry their prefix."""

    sid: str
    status: str
    body: str = ""
    sender: str = ""
    to: str = ""
    inbound: bool = False
    at: datetime | None = None
    num_media: int = 0
    error_code: int | None = None


@dataclass(frozen=True, slots=True)
class TwilioMedia:
    """A Media resource: a file's type, and where it is below the API's origin."""

    content_type: str
    path: str


@dataclass(frozen=True, slots=True)
class TwilioTemplate:
    """A Content resource with what WhatsApp says of it. `types` are its contents by type, `variables` the names of its
    blanks."""

    sid: str
    name: str
    language: str
    types: Mapping[str, Any]
    variables: tuple[str, ...] = ()
    approved: bool = False


@dataclass(frozen=True, slots=True)
class TwilioWebhooks:
    """Where Twilio brings guests' messages, and where to if that fails; "" for what is not set."""

    url: str = ""
    method: str = ""
    fallback_url: str = ""
    fallback_method: str = ""


@dataclass(frozen=True, slots=True)
class TwilioSender:
    """A WhatsApp sender of the account; `number` has no prefix."""

    number: str
    status: str
    webhooks: TwilioWebhooks


class TwilioApi:
    """Twilio's client for one account. Open it with `async with`.

    Every method raises `NotReached`, `NotAnswered` (also for an answer that makes no sense) or `Refusal`.
    """

    def __init__(self, settings: WhatsAppTwilioSettings) -> None:
        self._http = TwilioHttp(settings.origins, settings.timeout_seconds)
        client = Client(
            settings.account_sid,
            settings.auth_token.get_secret_value(),
            http_client=self._http,
            environment={"TWILIO_REGION": ""},  # else the process's own environment could move the API elsewhere
        )
        self._client = client
        self._account = client.api.v2010.account
        self._messages = self._account.messages
        self._contents = client.content.v1.content_and_approvals

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, traceback)

    async def create(self, fields: Mapping[str, Any]) -> TwilioMessage:
        """Post a message; `fields` are named as Twilio's `messages.create` names them."""
        return _message(await _asked(self._messages.create_async(**fields)))

    async def outbound(self, to: str, sender: str, since: datetime | None, limit: int) -> Sequence[TwilioMessage]:
        """List messages from `sender` to `to`, newest first, those made since a time where one is given."""
        listed = self._messages.list_async(
            to=to, from_=sender, date_sent_after=_utc(since), limit=limit, page_size=limit
        )
        return [message for message in map(_message, await _asked(listed)) if not message.inbound]

    async def inbound(self, to: str, since: datetime) -> list[TwilioMessage]:
        """List guests' messages to one of our addresses since a time, newest first: all of them, however many."""

        async def listed() -> list[TwilioMessage]:
            records = await self._messages.stream_async(to=to, date_sent_after=_utc(since), page_size=PAGE_SIZE)
            return [message async for record in records if (message := _message(record)).inbound]

        found: list[TwilioMessage] = await _asked(listed())
        return found

    async def media_of(self, sid: str) -> Sequence[TwilioMedia]:
        """List the files of a message."""
        listed = await _asked(self._messages(sid).media.list_async(limit=10))
        return [TwilioMedia(str(item.content_type or ""), str(item.uri).removesuffix(".json")) for item in listed]

    async def templates(self) -> Sequence[TwilioTemplate]:
        """List the account's templates, approved or not."""
        listed = await _asked(self._contents.list_async(limit=MOST_TEMPLATES, page_size=TEMPLATES_PAGE))
        return [_template(item) for item in listed]

    async def account_status(self) -> str:
        """Return the account's status: active, suspended or closed."""
        account = await _asked(self._account.fetch_async())
        return str(account.status)

    async def senders(self) -> Sequence[TwilioSender]:
        """List the account's WhatsApp senders."""
        listed = await _asked(self._client.messaging.v2.channels_senders.list_async(channel="whatsapp"))
        return [_sender(found) for found in listed]

    async def service_webhooks(self, sid: str) -> TwilioWebhooks | None:
        """Return a Messaging Service's webhooks; None where it defers to those of its senders."""
        service = await _asked(self._client.messaging.v1.services(sid).fetch_async())
        if service.use_inbound_webhook_on_number:
            return None
        return TwilioWebhooks(
            str(service.inbound_request_url or ""),
            str(service.inbound_method or ""),
            str(service.fallback_url or ""),
            str(service.fallback_method or ""),
        )


async def _asked(call: Awaitable[Any]) -> Any:
    """Await one of Twilio's calls and give its many kinds of failure one form."""
    try:
        return await call
    except (TwilioRestException, TwilioServiceException) as error:
        raise Refusal(error.status, _number(error.code)) from None
    except TwilioException as error:
        # Raised for pages of a list, with the answer as the second argument.
        answer = error.args[1] if len(error.args) > 1 else None
        raise Refusal(getattr(answer, "status_code", 0), _code_in(getattr(answer, "text", ""))) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAnswered(f"Twilio's answer makes no sense ({type(error).__name__}).") from None


def _message(found: Any) -> TwilioMessage:
    if not isinstance(found.sid, str) or not found.sid:
        raise NotAnswered("Twilio's answer names no message.")
    return TwilioMessage(
        sid=found.sid,
        status=intern(str(found.status or "")),
        body=str(found.body or ""),
        sender=intern(str(found.from_ or "")),
        to=intern(str(found.to or "")),
        inbound=found.direction == "inbound",
        at=found.date_created or found.date_sent,
        num_media=_number(found.num_media) or 0,
        error_code=_number(found.error_code),
    )


def _template(found: Any) -> TwilioTemplate:
    approval = found.approval_requests if isinstance(found.approval_requests, dict) else {}
    return TwilioTemplate(
        sid=str(found.sid or ""),
        name=str(found.friendly_name or approval.get("name") or found.sid or ""),
        language=str(found.language or ""),
        types=found.types if isinstance(found.types, dict) else {},
        variables=tuple(map(str, found.variables)) if isinstance(found.variables, dict) else (),
        approved=approval.get("status") == "approved",
    )


def _sender(found: Any) -> TwilioSender:
    webhook = found.webhook if isinstance(found.webhook, Mapping) else {}
    names = ("callback_url", "callback_method", "fallback_url", "fallback_method")
    return TwilioSender(
        number=str(found.sender_id or "").removeprefix("whatsapp:"),
        status=str(found.status or ""),
        webhooks=TwilioWebhooks(*(str(webhook.get(name) or "") for name in names)),
    )


def _utc(at: datetime | None) -> Any:
    """Twilio's library writes a time down without looking at its zone."""
    return unset if at is None else at.astimezone(UTC)


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _code_in(text: str) -> int | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return _number(found.get("code")) if isinstance(found, dict) else None
