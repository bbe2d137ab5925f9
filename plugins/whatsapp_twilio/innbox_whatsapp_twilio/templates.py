"""The templates that WhatsApp has approved, as staff may choose from them. All hotels of an account share them.

Twilio's list is read at most every few minutes; while Twilio cannot be asked, the last one is good enough.
Templates and their types: https://www.twilio.com/docs/content/content-types-overview.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from innbox import InnboxError, TemplateOffer
from innbox_whatsapp_twilio.api import TwilioApi, TwilioTemplate

FRESH_SECONDS = 300.0

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]{1,64})\s*\}\}")
_TEXTS = ("body", "title")  # of a content type, the first that it has


class Templates:
    """Remembers the offers of one account in one process."""

    def __init__(self, api: TwilioApi) -> None:
        self._api = api
        self._offers: tuple[TemplateOffer, ...] | None = None
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def offers(self) -> Sequence[TemplateOffer]:
        """Return the approved templates by name and language. Raises as `TwilioApi` where there never was a list."""
        async with self._reading:
            if self._offers is None or time.monotonic() - self._read_at > FRESH_SECONDS:
                try:
                    listed = await self._api.templates()
                except InnboxError:
                    if self._offers is None:
                        raise
                else:
                    self._offers = offers_of(listed)
                self._read_at = time.monotonic()
        return self._offers


def offers_of(listed: Sequence[TwilioTemplate]) -> tuple[TemplateOffer, ...]:
    """Return those that are approved and have a text, by name and language."""
    offers = [_offer(template, text) for template in listed if template.approved and (text := _text(template.types))]
    return tuple(sorted(offers, key=lambda offer: (offer.name.casefold(), offer.language)))


def _offer(template: TwilioTemplate, text: str) -> TemplateOffer:
    named = dict.fromkeys([*template.variables, *_PLACEHOLDER.findall(text)])
    variables = sorted(named, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))
    return TemplateOffer(template.sid, template.name, template.language, text, tuple(variables))


def _text(types: Mapping[str, Any]) -> str:
    """Return what a guest reads of a template; its pictures and buttons are not shown at the desk."""
    for content in types.values():
        for name in _TEXTS:
            if isinstance(content, dict) and isinstance(text := content.get(name), str) and text.strip():
                return text.strip()
    return ""
