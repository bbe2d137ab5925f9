"""From Twilio's fields to a guest's message.

The fields are those of https://www.twilio.com/docs/messaging/guides/webhook-request. From 2026 WhatsApp guests may hide
their phone: `From` then holds a business-scoped user id (`whatsapp:US.13491208655302741918`), and where a phone is
known `ExternalUserId` holds the id beside it (Twilio's changelog calls the field `ExternalUserIdentifier` too). What
stands in `From` is the handle, because replies go there and Twilio lists messages under it; the other is an alias, so
that the guest stays the same guest when the phone disappears.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from innbox import Address, Attachment, Inbound

CHANNEL = "whatsapp"
PREFIX = "whatsapp:"
MOST_MEDIA = 10

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")

_PHONE = re.compile(r"\+[0-9]{5,20}")
_USER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=@-]{0,199}")
_WA_ID = re.compile(r"[0-9]{5,20}")
_USER_ID_FIELDS = ("ExternalUserId", "ExternalUserIdentifier")


def handle_in(address: str | None) -> str | None:
    """Return the handle in a WhatsApp address (`whatsapp:+351911222333`), or None where it is none."""
    if not address or not address.startswith(PREFIX):
        return None
    handle = address.removeprefix(PREFIX)
    return handle if _PHONE.fullmatch(handle) or _USER_ID.fullmatch(handle) else None


def handles_in(form: Mapping[str, str]) -> tuple[str, ...]:
    """Return every handle by which a webhook names its guest: the one to answer first, then the aliases.

    None without a `From` on WhatsApp: two fields that were glued into one keep their signature, so what must be there
    is asked for, not made up from the rest.
    """
    sender = form.get("From", "")
    if not sender.startswith(PREFIX):
        return ()
    found = [handle_in(sender)]
    for field in _USER_ID_FIELDS:
        found.append(handle_in(PREFIX + form.get(field, "").removeprefix(PREFIX)))
    wa_id = form.get("WaId", "")
    if _WA_ID.fullmatch(wa_id) and not (found[0] and _PHONE.fullmatch(found[0])):
        found.append("+" + wa_id)
    return tuple(dict.fromkeys(handle for handle in found if handle))


def inbound_of(form: Mapping[str, str], hotel: str, sent_at: datetime | None = None) -> Inbound:
    """Return the guest's message in a form that has been checked: its ids are right and it has a handle."""
    handle, *aliases = handles_in(form)
    return Inbound(
        hotel=hotel,
        address=Address(CHANNEL, handle),
        provider_id=form["MessageSid"],
        text=form.get("Body") or form.get("ButtonText", ""),
        attachments=(*_media(form), *_location(form)),
        guest_name=form.get("ProfileName", "").strip() or None,
        aliases=tuple(Address(CHANNEL, alias) for alias in aliases),
        sent_at=sent_at,
        raw=dict(form),
        meta=_meta(form),
    )


def kind_of(content_type: str) -> str:
    """Return image, audio, video or file."""
    kind = content_type.partition("/")[0].strip().lower()
    return kind if kind in ("image", "audio", "video") else "file"


def _media(form: Mapping[str, str]) -> list[Attachment]:
    attachments = []
    for position in range(_count(form.get("NumMedia", "0"))):
        source = form.get(f"MediaUrl{position}")
        content_type = form.get(f"MediaContentType{position}", "")
        if source:
            kind = kind_of(content_type)
            attachments.append(
                Attachment(kind=kind, content_type=content_type or None, state="fetching", source=source)
            )
    return attachments


def _count(text: str) -> int:
    try:
        return max(0, min(int(text), MOST_MEDIA))
    except ValueError:
        return 0


def _location(form: Mapping[str, str]) -> list[Attachment]:
    if not (form.get("Latitude") or form.get("Longitude")):
        return []
    return [
        Attachment(
            kind="location",
            latitude=_degrees(form.get("Latitude", ""), 90),
            longitude=_degrees(form.get("Longitude", ""), 180),
            label=form.get("Label") or None,
            address=form.get("Address") or None,
        )
    ]


def _degrees(text: str, limit: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= limit else None


def _meta(form: Mapping[str, str]) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    button = {"text": form.get("ButtonText", ""), "payload": form.get("ButtonPayload", "")}
    if any(button.values()):
        meta["button"] = button
    if reply_to := form.get("OriginalRepliedMessageSid"):
        meta["reply_to"] = reply_to
    if referral := _referral(form):
        meta["referral"] = referral
    return meta


def _referral(form: Mapping[str, str]) -> dict[str, str]:
    """Return from which advertisement the guest came: `ReferralSourceUrl` as `source_url`, and so on.

    `ReferralNumMedia` comes with every message and says nothing.
    """
    return {
        _snake(name.removeprefix("Referral")): value
        for name, value in form.items()
        if name.startswith("Referral") and value and name not in ("Referral", "ReferralNumMedia")
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
