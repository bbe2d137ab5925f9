"""The data of Innbox: frozen, JSON-able, free of live objects. One word for one thing, here as on every page.

Times are aware `datetime`s in UTC; `as_json` gives the shapes that the desk and the HTTP API show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Direction(StrEnum):
    """Which way a message goes."""

    IN = "in"
    OUT = "out"
    NOTE = "note"  # for staff only: never handed to a channel


class AuthorKind(StrEnum):
    """Who wrote a message."""

    GUEST = "guest"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class HandledBy(StrEnum):
    """Whose turn it is to answer a conversation."""

    BOT = "bot"
    STAFF = "staff"


class ConversationStatus(StrEnum):
    """Where a conversation stands."""

    OPEN = "open"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class BotMode(StrEnum):
    """How the bot deals with a conversation."""

    AUTO = "auto"  # it answers by itself
    DRAFT = "draft"  # it proposes, and staff send
    OFF = "off"  # it is silent: staff have every message


class DeliveryStatus(StrEnum):
    """The life of an `out` message."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # the provider may have it: it is asked, never sent again on a guess
    PARKED = "parked"  # nobody can tell: a person decides


# How far a delivery has come. A report from the provider may only raise this number, never lower it.
DELIVERY_RANK: Mapping[DeliveryStatus, int] = {
    DeliveryStatus.PENDING: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.UNKNOWN: 1,
    DeliveryStatus.PARKED: 1,
    DeliveryStatus.CANCELLED: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.FAILED: 3,
    DeliveryStatus.DELIVERED: 4,
    DeliveryStatus.READ: 5,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a guest can be reached: a channel's name and a handle there, without a prefix (`+351911222333`)."""

    channel: str
    handle: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that came, or goes, with a message.

    `kind` is image, audio, video, file or location; `state` is ready, fetching or failed. `source` is where the
    provider keeps it: it is stored, and shown to nobody. Places use the last four fields, and no others.
    """

    kind: str
    content_type: str | None = None
    name: str | None = None
    size: int | None = None
    url: str | None = None
    state: str = "ready"
    source: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    label: str | None = None
    address: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what the desk may see: never the provider's own address of the file."""
        if self.kind == "location":
            return {
                "kind": self.kind,
                "latitude": self.latitude,
                "longitude": self.longitude,
                "label": self.label,
                "address": self.address,
            }
        return {
            "kind": self.kind,
            "content_type": self.content_type,
            "name": self.name,
            "size": self.size,
            "url": self.url,
            "state": self.state,
        }

    def as_row(self) -> dict[str, Any]:
        """Return every field that is set, for a store to keep as JSON; `Attachment(**row)` reads it back."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message, with the name to show, where there is one."""

    kind: AuthorKind
    name: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "name": self.name}


class Failure(NamedTuple):
    """Why a delivery failed or stands still: the provider's code and a plain sentence for staff."""

    code: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, as it is stored.

    `status` and `error` are of `out` messages alone. `meta` is small JSON that travels with the message: `trace`
    (the id that logs follow), `turn_id`, `sources` (what a bot's answer rests on), `template`, `reply_to`,
    `referral`, `button`, `language`, `translations` (text by language), `original` (what staff wrote, where the guest
    was sent a translation), `mentions` (of colleagues, in a note), `proactive` (the guest did not ask for it).
    """

    id: str
    conversation_id: str
    seq: int
    direction: Direction
    author: Author
    text: str
    created_at: datetime
    attachments: tuple[Attachment, ...] = ()
    status: DeliveryStatus | None = None
    error: Failure | None = None
    provider_id: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the message as staff see it."""
        return {
            "id": self.id,
            "conversation_id": self.conversation_id,
            "seq": self.seq,
            "direction": self.direction.value,
            "author": self.author.as_json(),
            "text": self.text,
            "attachments": [attachment.as_json() for attachment in self.attachments],
            "status": self.status.value if self.status else None,
            "error": self.error.as_json() if self.error else None,
            "created_at": rfc3339(self.created_at),
            "sources": list(self.meta.get("sources", ())),
            "turn_id": self.meta.get("turn_id"),
            "language": self.meta.get("language"),
            "translations": dict(self.meta.get("translations", {})),
            "original": self.meta.get("original"),
            "mentions": list(self.meta.get("mentions", ())),
        }

    def as_export(self) -> dict[str, Any]:
        """Return all that is kept of the message, for a copy of a guest's data."""
        return {**self.as_json(), "provider_id": self.provider_id, "meta": dict(self.meta)}

    def as_guest_json(self) -> dict[str, Any]:
        """Return what the guest may see of it: no note, no delivery error, no name of a member of staff's account."""
        return {
            "id": self.id,
            "seq": self.seq,
            "direction": self.direction.value,
            "author": {"kind": self.author.kind.value, "name": None},
            "text": self.text,
            "attachments": [attachment.as_json() for attachment in self.attachments],
            "created_at": rfc3339(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest of one hotel. `handle` is that of the conversation at hand. `opted_out`: they want no message that they
    did not ask for."""

    id: str
    name: str | None
    handle: str
    language: str | None = None
    opted_out: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "handle": self.handle,
            "language": self.language,
            "opted_out": self.opted_out,
        }


@dataclass(frozen=True, slots=True)
class Urgent:
    """Why a conversation is urgent (`words` that the guest wrote) and whom it calls.

    `rings_for` is the member of staff whom it rings for now (None: everybody), until somebody has acknowledged it.
    """

    since: datetime
    words: tuple[str, ...]
    rings_for: str | None = None
    acknowledged_by: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "since": rfc3339(self.since),
            "words": list(self.words),
            "rings_for": self.rings_for,
            "acknowledged_by": self.acknowledged_by,
        }


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the bot would answer, for staff to edit and send. `seq` is the newest guest message that it answers."""

    id: str
    text: str
    seq: int
    turn_id: str
    sources: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "text": self.text,
            "seq": self.seq,
            "turn_id": self.turn_id,
            "sources": list(self.sources),
        }


@dataclass(frozen=True, slots=True)
class Conversation:
    """One guest with one hotel on one channel.

    `waiting_since`: when the first guest message came that nobody has answered. What follows it is kept by stores that
    keep a desk (`innbox.KeepsDesk`): `bot_mode` (None: as the hotel's), `bot_back_at` (when the bot has it again),
    `scheduled_at` (when the next scheduled message leaves).
    """

    id: str
    hotel: str
    channel: str
    guest: Guest
    status: ConversationStatus
    handled_by: HandledBy
    epoch: int
    assignee: str | None = None
    unread: int = 0
    last_message: Message | None = None
    last_at: datetime | None = None
    window_closes_at: datetime | None = None
    labels: tuple[str, ...] = ()
    waiting_since: datetime | None = None
    snoozed_until: datetime | None = None
    bot_mode: BotMode | None = None
    bot_back_at: datetime | None = None
    scheduled_at: datetime | None = None
    urgent: Urgent | None = None
    suggestion: Suggestion | None = None

    @property
    def address(self) -> Address:
        return Address(self.channel, self.guest.handle)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "hotel": self.hotel,
            "channel": self.channel,
            "guest": self.guest.as_json(),
            "status": self.status.value,
            "handled_by": self.handled_by.value,
            "assignee": self.assignee,
            "unread": self.unread,
            "last_message": self.last_message.as_json() if self.last_message else None,
            "last_at": rfc3339(self.last_at) if self.last_at else None,
            "window_closes_at": rfc3339(self.window_closes_at) if self.window_closes_at else None,
            "labels": list(self.labels),
            "epoch": self.epoch,
            "waiting_since": rfc3339(self.waiting_since) if self.waiting_since else None,
            "snoozed_until": rfc3339(self.snoozed_until) if self.snoozed_until else None,
            "bot_mode": self.bot_mode.value if self.bot_mode else None,
            "bot_back_at": rfc3339(self.bot_back_at) if self.bot_back_at else None,
            "scheduled_at": rfc3339(self.scheduled_at) if self.scheduled_at else None,
            "urgent": self.urgent.as_json() if self.urgent else None,
            "suggestion": self.suggestion.as_json() if self.suggestion else None,
        }


@dataclass(frozen=True, slots=True)
class Inbound:
    """A guest's message as a channel hands it to `app.ingest`.

    `provider_id` is the channel's own id of the message: with the channel's name it is unique, and a second copy
    changes nothing. `aliases` are further handles of the same guest (a phone beside a business-scoped id). `raw` is
    the webhook as it came, kept aside for repair. `sent_at` is the provider's time of it, where it tells one.
    """

    hotel: str
    address: Address
    provider_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    guest_name: str | None = None
    language: str | None = None
    aliases: tuple[Address, ...] = ()
    sent_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One bot answer to all guest messages that are not answered yet, while it is being made.

    `fence` proves that the claim is still ours: every write of the turn names it. `epoch` and `last_seq` are what the
    turn saw; `history` ends with the newest message, `unanswered` are the guest's messages that it answers.
    """

    id: str
    conversation: Conversation
    fence: int
    epoch: int
    last_seq: int
    history: tuple[Message, ...]
    unanswered: tuple[Message, ...]
    rethinks: int = 0
    tries: int = 0

    @property
    def question(self) -> str:
        """The texts of the unanswered messages, one a line."""
        return "\n".join(message.text for message in self.unanswered if message.text)

    @property
    def trace(self) -> str:
        """The id under which the logs of all processes tell this turn's story: that of the newest guest message."""
        return self.unanswered[-1].id if self.unanswered else self.id


class Route(StrEnum):
    """What `route_turn` may say of a turn."""

    BOT = "bot"
    STAFF = "staff"  # hand it over, without asking a model
    DROP = "drop"  # neither answer nor hand over


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something that the model should know for this turn, and where it comes from."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Template:
    """A provider's approved text (Twilio's Content API), the only way to write outside the channel's window."""

    content_sid: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TemplateOffer:
    """A template that a provider has approved, as staff may choose it. `text` holds a `{{name}}` for each of the
    `variables`, which are to be filled in."""

    content_sid: str
    name: str
    language: str
    text: str
    variables: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "content_sid": self.content_sid,
            "name": self.name,
            "language": self.language,
            "text": self.text,
            "variables": list(self.variables),
        }


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a channel is given to send: data and an address, nothing live.

    `message_id` is ours: channels pass it to the provider where they can, so that reports find their way back.
    `attempt` counts from 1. `sending_since` is when `pending → sending` was committed. `author`, `seq` and `created_at`
    are those of the message as it is stored; a `seq` of 0 and no `created_at` mean that it is not. `proactive`: the
    guest did not ask for it; `opted_out`: and wants none such.
    """

    message_id: str
    conversation_id: str
    hotel: str
    address: Address
    text: str
    attempt: int
    sending_since: datetime
    attachments: tuple[Attachment, ...] = ()
    template: Template | None = None
    window_closes_at: datetime | None = None
    author: AuthorKind = AuthorKind.BOT
    seq: int = 0
    created_at: datetime | None = None
    proactive: bool = False
    opted_out: bool = False


# What came of one call to a provider. Whatever is raised instead counts as `Uncertain`.


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken it, under its own id; `status` may already be more than `sent`."""

    provider_id: str | None = None
    status: DeliveryStatus = DeliveryStatus.SENT


@dataclass(frozen=True, slots=True)
class TryLater:
    """The provider surely did not take it, and may later (429, connection refused)."""

    failure: Failure
    after_seconds: float | None = None  # None: the core's own back-off


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider surely did not take it, and never will."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The provider may have taken it (time-out, 5xx, connection cut)."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Absent:
    """Asked for a message sent before, the provider does not know it (yet)."""


SendOutcome = Sent | TryLater | Rejected | Uncertain
FindOutcome = Sent | Rejected | Absent | Uncertain


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed `out` message on its way out.

    `doubtful`: an earlier attempt may have reached the provider, so ask before anything else. `absences` counts how
    often the provider did not know it.
    """

    outgoing: Outgoing
    fence: int
    doubtful: bool
    absences: int
    author: AuthorKind
    trace: str


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A provider's word on one `out` message. At least one of the two ids is given."""

    channel: str
    status: DeliveryStatus
    message_id: str | None = None
    provider_id: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class MediaContent:
    """A file's bytes and what they claim to be."""

    content_type: str
    data: bytes
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the dialogue that a model is given, in the words of OpenAI's chat API."""

    role: str  # system, user, assistant, tool
    content: str
    tool_calls: tuple["ToolCall", ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool; `arguments` is the JSON text as the model wrote it, unchecked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """All that a model is given for one step of a turn.

    `system` is the rendered prompt; `dialogue` the conversation, oldest first, ending with what is to be answered or
    with tool results. `question`, `facts`, `snippets` and `language` are the same knowledge in parts, for models that
    are no chat models. `guest_data` is False only where nothing in the request tells of one guest (then exact repeats
    may be answered from a cache).
    """

    hotel: str
    system: str
    dialogue: tuple[ChatMessage, ...]
    question: str
    facts: str = ""
    snippets: tuple[Snippet, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    language: str | None = None
    guest_data: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost: tokens, seconds, and money in US dollars where the plugin knows the price."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost_usd: float | None = None
    cached: bool = False

    def plus(self, more: "Usage") -> "Usage":
        """Return what both cost together; `cached` is that of the second."""
        costs = [cost for cost in (self.cost_usd, more.cost_usd) if cost is not None]
        return Usage(
            self.prompt_tokens + more.prompt_tokens,
            self.completion_tokens + more.completion_tokens,
            self.seconds + more.seconds,
            sum(costs) if costs else None,
            more.cached,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer to one step: a text, or tool calls, or the wish that a person takes over."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    hand_over: bool = False
    reason: str | None = None  # why a person should take over, for staff
    model: str = ""
    sources: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Translation:
    """A text in the language that was asked for, and the language that it was in (two letters), where that is known.
    Where the two are the same, the text is as it was."""

    text: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that a tool wants done, written with the turn's commit or not at all.

    `needs_approval`: staff must agree first (a refund).
    """

    tool: str
    what: str
    data: Mapping[str, Any] = field(default_factory=dict)
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answers the model, and the effects it asks for."""

    text: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """How an answer came about, kept with the turn: “why this answer”."""

    model: str = ""
    sources: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "sources": list(self.sources),
            "tools": list(self.tools),
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "seconds": round(self.usage.seconds, 3),
            "cost_usd": self.usage.cost_usd,
            "cached": self.usage.cached,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class User:
    """A member of staff who may sign in. `hotels` None means every hotel."""

    name: str
    role: str  # agent, lead or admin
    hotels: frozenset[str] | None = None
    disabled: bool = False
    created_at: datetime | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_lead(self) -> bool:
        """Whether they lead others: leads, and admins too."""
        return self.role in ("lead", "admin")

    def may_see(self, hotel: str) -> bool:
        return self.hotels is None or hotel in self.hotels


def now() -> datetime:
    """Return the time, aware and in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Return a time as RFC 3339 text in UTC with milliseconds, as every API and page shows it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """Read back what `rfc3339` wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
