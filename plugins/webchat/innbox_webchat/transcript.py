"""What a guest may see of a conversation, and in which shape."""

from collections.abc import Iterable, Sequence
from typing import Any

from innbox import App, Attachment, DeliveryStatus, Direction, Message

CHANNEL = "webchat"
NAMESPACE = "/webchat"

# Only what has begun to leave is shown: a pending message may still be cancelled when staff step in.
_LEFT = frozenset(
    {
        DeliveryStatus.SENDING,
        DeliveryStatus.UNKNOWN,
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.READ,
    }
)


def room_of(handle: str) -> str:
    """Return the room that all tabs of a guest are in."""
    return f"guest:{handle}"


def provider_id(handle: str, client_id: str) -> str:
    """Return the id under which the store knows a guest's message: the same for every copy of it."""
    return f"{handle}:{client_id}"


def attachments_json(app: App, message_id: str, attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Return a message's attachments as the guest sees them, files under links that need no session."""
    shown = [attachment.as_json() for attachment in attachments]
    for position, item in enumerate(shown):
        if item.get("url"):
            item["url"] = app.file_link(message_id, position)
    return shown


def guest_json(app: App, message: Message) -> dict[str, Any]:
    """Return a message as the guest sees it; their own carries the `client_id` under which their page sent it."""
    shown = message.as_guest_json()
    shown["attachments"] = attachments_json(app, message.id, message.attachments)
    if message.direction is Direction.IN and message.provider_id:
        shown["client_id"] = message.provider_id.partition(":")[2]
    return shown


def visible(messages: Iterable[Message]) -> list[Message]:
    """Leave out what guests must not see: notes, and what never left the house."""
    return [
        message
        for message in messages
        if message.direction is Direction.IN or (message.direction is Direction.OUT and message.status in _LEFT)
    ]


async def newest(app: App, hotel: str, handle: str, limit: int) -> list[Message]:
    """Return what a guest may see among the newest `limit` messages, oldest first; nothing where they never wrote.

    Raises `StoreUnavailable`.
    """
    conversation = await app.store.conversation_for(hotel, CHANNEL, handle)
    if conversation is None:
        return []
    page = await app.store.history(conversation.id, None, limit)
    return visible(page.messages)
