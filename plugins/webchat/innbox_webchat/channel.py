"""Sending to a guest's open pages. Whoever has none open finds the message on their return."""

import asyncio
from dataclasses import replace
from typing import Any

from innbox import (
    App,
    ChannelTraits,
    Failure,
    Outgoing,
    Rejected,
    SendOutcome,
    Sent,
    StoreUnavailable,
    TryLater,
    rfc3339,
)
from innbox_webchat.transcript import CHANNEL, NAMESPACE, guest_json, room_of

MAX_CHARS = 4000
DEADLINE_SECONDS = 5.0


class WebChatChannel:
    """Hands `out` messages to all tabs of a guest. A page ignores a message that it has, so repeating is harmless."""

    name = CHANNEL
    traits = ChannelTraits(max_chars=MAX_CHARS, max_parts=4, reply_window=None, repeatable=True)

    def __init__(self, app: App) -> None:
        self._app = app

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        """Show a message to the guest: `Sent` where it is there to be seen, `Rejected` where it is too long,
        `TryLater` where the store is away."""
        if len(outgoing.text) > MAX_CHARS:
            return Rejected(Failure("too_long", f"A message in the web chat has at most {MAX_CHARS} characters."))
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                shown = await self._shown(outgoing)
                room = room_of(outgoing.address.handle)
                await self._app.emit("new_message", shown, room=room, namespace=NAMESPACE)
        except StoreUnavailable:
            return TryLater(Failure("store", "The store did not answer."))
        return Sent()

    async def _shown(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what the page gets. Author, time and place in the conversation are the store's to tell; a message
        that it does not know is shown at the end, as the house's."""
        message = await self._app.store.message(outgoing.message_id)
        if message is not None:
            return guest_json(replace(message, text=outgoing.text))
        return {
            "id": outgoing.message_id,
            "seq": None,
            "direction": "out",
            "author": {"kind": "system", "name": None},
            "text": outgoing.text,
            "attachments": [attachment.as_json() for attachment in outgoing.attachments],
            "created_at": rfc3339(outgoing.sending_since),
        }
