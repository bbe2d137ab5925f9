"""Twilio's console, as far as its API can tell: whether guests' messages are brought to us, and what happens if not.

A WhatsApp sender has a webhook and a fallback of its own; in a Messaging Service, the service's stand in their place
unless it defers to the sender's (https://www.twilio.com/docs/whatsapp/api/senders,
https://www.twilio.com/docs/messaging/api/service-resource).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from innbox_whatsapp_twilio.api import Refusal, TwilioSender, TwilioWebhooks

ONLINE = ("ONLINE", "ONLINE:UPDATING")


class AsksConsole(Protocol):
    """What is asked of Twilio's API."""

    async def senders(self) -> Sequence[TwilioSender]: ...

    async def service_webhooks(self, sid: str) -> TwilioWebhooks | None: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the console showed: faults in plain words, and the numbers of which the API tells nothing."""

    faults: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


async def look(api: AsksConsole, numbers: Iterable[str], service_sid: str | None, webhook: str) -> Look:
    """Compare what the console says with what it should, for each of our numbers; `webhook` is our address.

    Raises as `TwilioApi` does, but for a refusal: the API of senders is in beta, and closed to some accounts.
    """
    service = None
    if service_sid is not None:
        service = await api.service_webhooks(service_sid)
    if service is not None:
        return Look(_faults_of(f"Messaging Service {service_sid}", service, webhook))
    try:
        known = {sender.number: sender for sender in await api.senders()}
    except Refusal:
        known = {}
    return _look_at(known, tuple(numbers), webhook)


def _look_at(known: Mapping[str, TwilioSender], numbers: Sequence[str], webhook: str) -> Look:
    faults: list[str] = []
    for number in numbers:
        if number in known:
            sender = known[number]
            if sender.status not in ONLINE:
                faults.append(f"sender {number} is {sender.status.lower() or 'not online'}")
            faults += _faults_of(f"sender {number}", sender.webhooks, webhook)
    return Look(tuple(faults), tuple(number for number in numbers if number not in known))


def _faults_of(whose: str, found: TwilioWebhooks, webhook: str) -> tuple[str, ...]:
    return tuple(
        f"{what} of {whose} is {_shown(url, method)}, and should be {webhook} with POST"
        for what, url, method in (
            ("the webhook URL for incoming messages", found.url, found.method),
            ("the fallback URL", found.fallback_url, found.fallback_method),
        )
        if _without_overrides(url) != webhook or method not in ("POST", "")
    )


def _without_overrides(url: str) -> str:
    """Leave out what may follow `#`: how often Twilio tries, and how long
    (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides)."""
    return url.partition("#")[0]


def _shown(url: str, method: str) -> str:
    return f"{url} with {method or 'POST'}" if url else "not set"
