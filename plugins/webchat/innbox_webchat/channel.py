"""Sending to a guest's open pages. Whoever has none open finds the message on their return."""

import asyncio
from typing import Any

from innbox import (
    App,
    AuthorKind,
    ChannelTraits,
    Direction,
    Failure,
    Outgoing,
    Rejected,
    SendOutcome,
    Sent,
    rfc3339,
)
from innbox_webchat.transcript import CHANNEL, NAMESPACE, attachments_json, room_of

MAX_CHARS = 4000
DEADLINE_SECONDS = 5.0


class WebChatChannel:
    """Hands `out` messages to all tabs of a guest. A page ignores a message that it has, so repeating is harmless."""

    name = CHANNEL
    traits = ChannelTraits(max_chars=MAX_CHARS, max_parts=4, reply_window=None, repeatable=True)

    def __init__(self, app: App) -> None:
        self._app = app

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        """Show a message to the guest: `Sent` where it is there to be seen, `Rejected` where it is too long."""
        if len(outgoing.text) > MAX_CHARS:
            return Rejected(Failure("too_long", f"A message in the web chat has at most {MAX_CHARS} characters."))
        room = room_of(outgoing.address.handle)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._app.emit("new_message", self._shown(outgoing), room=room, namespace=NAMESPACE)
        return Sent()

    def _shown(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return what the page gets; a message that is not stored is shown at the end, as the house's."""
        stored = outgoing.seq > 0
        return {
            "id": outgoing.message_id,
            "seq": outgoing.seq if stored else None,
            "direction": Direction.OUT.value,
            "author": {"kind": (outgoing.author if stored else AuthorKind.SYSTEM).value, "name": None},
            "text": outgoing.text,
            "attachments": attachments_json(self._app, outgoing.message_id, outgoing.attachments),
            "created_at": rfc3339(outgoing.created_at or outgoing.sending_since),
        }
