"""What plugins add to the desk: facts of a guest, panels beside a conversation, actions on a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from innbox.messages import Conversation, Message, User


@dataclass(frozen=True, slots=True)
class GuestFact:
    """Something known of a guest: `Room`, `12`. `source` is set by the core: the plugin's name."""

    label: str
    value: str
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"label": self.label, "value": self.value, "source": self.source}


@dataclass(frozen=True, slots=True)
class Panel:
    """A box beside a conversation, with lines of (label, value). `source` is set by the core: the plugin's name."""

    title: str
    items: Sequence[tuple[str, str]]
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        items = [{"label": label, "value": value} for label, value in self.items]
        return {"title": self.title, "items": items, "source": self.source}


@runtime_checkable
class MessageAction(Protocol):
    """Something that staff can have done with a message. `label` stands on its button."""

    name: str
    label: str

    async def run(self, user: User, conversation: Conversation, message: Message) -> str:
        """Do it, and return a line that tells staff what was done; raise `Refused` with why not."""
        ...
