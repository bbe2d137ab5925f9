"""Events: numbered facts for the desk. The log of events is the truth of the live view."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EventName(StrEnum):
    """What happened; also the name under which Socket.IO tells the desk."""

    NEW_MESSAGE = "new_message"
    MESSAGE_UPDATE = "message_update"
    CONVERSATION_UPDATE = "conversation_update"
    CONVERSATION_GONE = "conversation_gone"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `number` rises with every event of the deployment, and once it can be seen no lower one appears.

    `data` is the message or the conversation as `as_json` gives it, as of now rather than as of the event: a reader
    who applies all events in order ends at the truth. Of a conversation that is gone it is the `id` alone.
    """

    number: int
    name: EventName
    hotel: str
    channel: str
    conversation_id: str
    data: Mapping[str, Any]

    @property
    def payload(self) -> dict[str, Any]:
        """The flat payload that goes over the socket: the data with the event's number under `event`."""
        return {**self.data, "event": self.number}

    @classmethod
    def gone(cls, number: int, hotel: str, channel: str, conversation_id: str) -> "Event":
        """Return the event that a conversation was erased with its guest."""
        data = {"id": conversation_id}
        return cls(number, EventName.CONVERSATION_GONE, hotel, channel, conversation_id, data)

    def as_json(self) -> dict[str, Any]:
        """Return the shape that `sync` answers with."""
        return {"event": self.number, "name": self.name.value, "data": self.payload}
