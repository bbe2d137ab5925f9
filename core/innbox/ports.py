"""The ports: what a part must be able to do to be a channel, a model, a store, a cache or a tool.

Each port is small, and each is held by contract tests in `innbox.testing`. All methods may be called from any task of
one event loop at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from innbox.erasing import Erased, Tombstone
from innbox.events import Event
from innbox.ids import new_id
from innbox.messages import (
    Attachment,
    Author,
    AuthorKind,
    Completion,
    CompletionRequest,
    Conversation,
    ConversationStatus,
    Delivery,
    Direction,
    Effect,
    Failure,
    FindOutcome,
    Guest,
    HandledBy,
    Inbound,
    MediaContent,
    Message,
    Outgoing,
    SendOutcome,
    StatusReport,
    Template,
    TemplateOffer,
    ToolResult,
    Translation,
    Turn,
    TurnRecord,
    User,
    now,
)

HEARTBEAT_LIFE = timedelta(seconds=10)  # a worker silent for longer has lost its claims
FIND_GRACE = timedelta(seconds=20)  # how long a provider's list may lag behind an accepted message


# --- channels -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelTraits:
    """What the core must know of a channel to use it well.

    `max_chars` of one message (None: no limit) and `max_parts` into which a longer text may be split. `reply_window`:
    how long after a guest's message free text is allowed. `repeatable`: sending the same `message_id` twice does no
    harm, so a doubtful attempt is simply made again. `max_files`: how many files go with one message.
    """

    max_chars: int | None = None
    max_parts: int = 4
    reply_window: timedelta | None = None
    repeatable: bool = False
    max_files: int = 10


@runtime_checkable
class Channel(Protocol):
    """A way to reach guests. It is found by `name`; receiving is no part of it (a route calls `app.ingest`)."""

    name: str
    traits: ChannelTraits

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        """Make one attempt within a deadline of the channel's own, without retries; whatever is raised counts as
        uncertain."""
        ...


@runtime_checkable
class FindsSent(Protocol):
    """A channel that can ask its provider about a message that it may have sent."""

    async def find_sent(self, outgoing: Outgoing) -> FindOutcome:
        """Return what the provider knows of `outgoing` (`Absent`: nothing; `Uncertain`: it cannot be decided)."""
        ...


@runtime_checkable
class FetchesMissed(Protocol):
    """A channel whose provider can list what it could not deliver while we were down."""

    async def fetch_missed(self, since: datetime) -> Sequence[Inbound]:
        """Return the guests' messages from `since` on, oldest first. Duplicates are harmless."""
        ...


@runtime_checkable
class FetchesMedia(Protocol):
    """A channel whose attachments must be downloaded from the provider."""

    async def fetch_media(self, attachment: Attachment) -> MediaContent:
        """Download `attachment.source`; raise `Refused` where it must not be had, and anything else where it
        cannot be had now."""
        ...


@runtime_checkable
class OffersTemplates(Protocol):
    """A channel whose provider has approved texts, the only ones that may leave outside its window."""

    async def templates(self, hotel: str) -> Sequence[TemplateOffer]:
        """Return what staff of a hotel may choose from; raise where the provider cannot be asked."""
        ...


# --- models -------------------------------------------------------------------------------------------------------


@runtime_checkable
class LLM(Protocol):
    """A model that answers guests. It is asked in the order of the YAML until one gives an answer."""

    name: str

    async def complete(self, request: CompletionRequest) -> Completion:
        """Return a text, tool calls or the wish to hand over; raise `ModelError` where the next model should try."""
        ...


@runtime_checkable
class WritesTexts(Protocol):
    """A model that can be given any task in words, beside answering guests: a note for staff, say."""

    name: str

    async def write(self, task: str, text: str) -> Completion:
        """Do `task` with `text`, which is material and never an instruction; raise `ModelError` where it cannot."""
        ...


@runtime_checkable
class Translator(Protocol):
    """Something that translates what guests and staff write. It is asked in the order of the YAML."""

    name: str

    async def translate(self, text: str, source: str | None, target: str) -> Translation:
        """Return a text in the language `target`, from `source` (None: find out); languages are two letters. Raise
        `ModelError` where the next translator should try."""
        ...


@runtime_checkable
class Tool(Protocol):
    """Something that a model may call. `Arguments` validates what it wrote; the turn says whose data the tool reads."""

    name: str
    description: str

    @property
    def Arguments(self) -> type[BaseModel]:  # noqa: N802 - it is a class; a plain class attribute does
        """The pydantic model that checks what the model wrote, and whose schema it is shown."""
        ...

    async def run(self, turn: Turn, arguments: Any) -> ToolResult:
        """Answer the model; raise `ToolError` with a text for it. Effects are returned, never done here."""
        ...


# --- cache --------------------------------------------------------------------------------------------------------


@runtime_checkable
class Cache(Protocol):
    """A memory that may be lost at any time. No method raises because the cache is gone: a miss is the answer then."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None where there is none (any more)."""
        ...

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keep a value for `ttl` seconds at most."""
        ...

    async def delete(self, key: str) -> None: ...

    async def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter and return its new value; the counter ends `ttl` seconds after its first addition."""
        ...

    async def time_left(self, key: str) -> float:
        """Return in how many seconds the key ends; 0 where there is none."""
        ...

    async def put_member(self, group: str, member: str, value: bytes, ttl: float) -> None:
        """Put a member into a group (presence) for `ttl` seconds, or renew it."""
        ...

    async def remove_member(self, group: str, member: str) -> None: ...

    async def members(self, group: str) -> Mapping[str, bytes]:
        """Return the group's living members."""
        ...


# --- the store ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IngestRules:
    """How a guest's message is taken in: the burst's waits in seconds, whether the hotel's bot is on, how long the
    channel's reply window is, and the key of the marks on tombstones (see `innbox.Tombstone`).

    For stores that keep a desk: `urgent` are the words of danger found in it; then it rings for `ring_for` (None:
    everybody), and for the next person after `ring_seconds` (None: for nobody else); `notice` is what the guest is
    told.
    `opts_out` says that the guest opts out of messages that they did not ask for (False: in again, which means
    something only where they had opted out).
    """

    wait_seconds: float = 1.5
    wait_at_most_seconds: float = 6.0
    bot_on: bool = True
    reply_window: timedelta | None = None
    erasure_key: bytes = field(default=b"", repr=False)
    urgent: tuple[str, ...] = ()
    ring_for: str | None = None
    ring_seconds: float | None = None
    notice: str = ""
    opts_out: bool | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What `ingest` did. A `duplicate` changed nothing and has no events. `answer_at`: when a turn is due, if it is.

    `erased`: an old message of a guest who was erased. It is answered like a duplicate, so that the provider rests;
    `message` and `conversation` are what it would have been, and are stored nowhere.
    """

    message: Message
    conversation: Conversation
    duplicate: bool
    events: tuple[Event, ...] = ()
    answer_at: datetime | None = None
    erased: bool = False

    @classmethod
    def kept_out(cls, inbound: Inbound) -> "Ingested":
        """Return what `ingest` answers where a tombstone keeps a message out."""
        conversation = Conversation(
            id=new_id(),
            hotel=inbound.hotel,
            channel=inbound.address.channel,
            guest=Guest(new_id(), inbound.guest_name, inbound.address.handle, inbound.language),
            status=ConversationStatus.RESOLVED,
            handled_by=HandledBy.STAFF,
            epoch=0,
        )
        message = Message(
            id=new_id(),
            conversation_id=conversation.id,
            seq=0,
            direction=Direction.IN,
            author=Author(AuthorKind.GUEST, inbound.guest_name),
            text=inbound.text,
            created_at=inbound.sent_at or now(),
            provider_id=inbound.provider_id,
        )
        return cls(message, conversation, duplicate=True, erased=True)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change left behind: the conversation as it is now, and the events to tell of. `messages` are those that
    the change added; `duplicate` says that a `client_id` was seen before and nothing happened. `deliver`: something may
    be there to be delivered now."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    duplicate: bool = False
    deliver: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """An `out` message or a note to be added. Several with one turn are the parts of a split text."""

    text: str
    author: Author
    attachments: tuple[Attachment, ...] = ()
    template: Template | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A turn's end: the bot answers. With `even_if_newer` it does so although the guest has written again."""

    drafts: tuple[Draft, ...]
    record: TurnRecord
    effects: tuple[Effect, ...] = ()
    even_if_newer: bool = False


@dataclass(frozen=True, slots=True)
class HandOver:
    """A turn's end: staff take the conversation. `notice` tells the guest (not twice in one turn of hands), `reason`
    becomes a note for staff."""

    reason: str
    record: TurnRecord
    notice: Draft | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class NoReply:
    """A turn's end: nothing is said, and the guest's messages count as answered."""

    record: TurnRecord


@dataclass(frozen=True, slots=True)
class Propose:
    """A turn's end: the bot's draft waits for staff (see `innbox.Suggestion`) and the guest for an answer. Only stores
    that keep a desk are given one. A later one takes the place of an earlier one."""

    text: str
    record: TurnRecord
    effects: tuple[Effect, ...] = ()
    even_if_newer: bool = False


TurnEnd = Reply | HandOver | NoReply | Propose


@dataclass(frozen=True, slots=True)
class Committed:
    """How `commit_turn` went.

    `verdict`: `done`; `newer` (the guest wrote again: nothing was written, the claim is given back and a new turn is
    due at `answer_at`); `hands` (the conversation changed hands: thrown away); `fenced` (the claim was lost: nothing
    was written). `deliver` says that there is something to deliver now; `delivery` is the claim on it, where one was
    asked for and made.
    """

    verdict: str
    conversation: Conversation | None = None
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    answer_at: datetime | None = None
    deliver: bool = False
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How `settle_delivery` went. `fenced`: the claim was lost and nothing was written. `deliver_at`: when the
    conversation next has something to deliver, if it has."""

    fenced: bool
    events: tuple[Event, ...] = ()
    deliver_at: datetime | None = None


# How a delivery's attempt ends, for `settle_delivery`.


@dataclass(frozen=True, slots=True)
class WaitAndSend:
    """Back to `pending`, to be sent again from `at` on: the provider surely does not have it."""

    at: datetime
    error: Failure | None = None  # shown while it waits


@dataclass(frozen=True, slots=True)
class WaitAndAsk:
    """`unknown`: the provider may have it and is asked at `at`. `absent`: it was asked, and did not know it."""

    at: datetime
    error: Failure | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """A state in which the delivery rests: sent (or more), failed, cancelled or parked."""

    status: str
    provider_id: str | None = None
    error: Failure | None = None


DeliveryEnd = WaitAndSend | WaitAndAsk | Finish


@dataclass(frozen=True, slots=True)
class Due:
    """Conversations with work that nobody alive has claimed."""

    answer: tuple[str, ...] = ()
    deliver: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """Which conversations to list. `hotels` None means all; `q` finds by guest's name, handle and message text, and
    where the store keeps a desk by a whole label; `cursor` is a `next_cursor` of an earlier page."""

    hotels: frozenset[str] | None = None
    status: str | None = None
    handled_by: str | None = None
    q: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of the inbox, newest first. `last_event` is read before the page, so nothing falls between."""

    conversations: tuple[Conversation, ...]
    next_cursor: str | None
    last_event: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a conversation's messages, oldest first; `next_before` asks for the page before it. `hotel` is whose
    conversation it is, where the store says so: who may see it is then known without asking once more."""

    messages: tuple[Message, ...]
    next_before: int | None
    hotel: str | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events after a number, in order. `last_event` is the number up to which everything has been told; `more` says
    that the page was cut."""

    events: tuple[Event, ...]
    last_event: int
    more: bool


@dataclass(frozen=True, slots=True)
class MediaJob:
    """An attachment that waits for its download."""

    message_id: str
    position: int
    channel: str
    attachment: Attachment
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the house stands, for metrics and readiness."""

    oldest_unanswered_at: datetime | None
    deliveries: Mapping[str, int]  # by state, of those that are not at rest, and parked ones
    workers: int  # with a living heartbeat
    oldest_due_at: datetime | None = None  # since when the longest due work (see `Store.due`) waits for a worker
    turns: int | None = None  # claimed by living workers; None where the store cannot tell


@runtime_checkable
class Store(Protocol):
    """The truth: one object with verbs of the domain. Each verb that writes is one transaction.

    Every verb raises `StoreUnavailable` within 2 seconds where the database cannot be reached, and then nothing was
    written. Ids that do not exist (or are no ids at all) are `NotFound`, or None where a verb says so. Times that
    decide who owns what are the database's.
    """

    name: str

    # schema

    async def migrate(self) -> Sequence[str]:
        """Bring the schema up to date under a lock; return the names of the migrations applied now. Two at once are
        safe."""
        ...

    async def pending_migrations(self) -> Sequence[str]:
        """Return the names of the migrations that are not applied yet."""
        ...

    async def ping(self) -> None:
        """Return where the store answers; raise `StoreUnavailable` where it does not."""
        ...

    # guests

    async def ingest(self, inbound: Inbound, rules: IngestRules) -> Ingested:
        """Take in a guest's message: the raw webhook, the guest, the conversation, the message with the next `seq`,
        `answer_at`, `unread`, the window, and the events `new_message` and `conversation_update`.

        The guest is found by the address, then by any alias, within the hotel; new handles are kept with it. A name is
        set where one is given. A resolved or snoozed conversation opens again (`handled_by` bot where `bot_on`, the
        epoch rises, the assignee leaves). A new conversation is the bot's where `bot_on`, else staff's; an open one of
        the bot's goes to staff where the bot is off. `answer_at` is set only where the bot handles it: now +
        `wait_seconds`, but at most `wait_at_most_seconds` after the first message that no turn has seen yet. A
        (channel, provider_id) seen before changes nothing, nor does an old message of an erased guest: see
        `erase_guest`. Two at once for one new guest make one guest and one conversation.
        """
        ...

    async def keep_aside(self, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
        """Keep a webhook that belongs to nobody (an unknown number), once."""
        ...

    async def report_status(self, report: StatusReport) -> Changed | None:
        """Raise an `out` message's status by `DELIVERY_RANK`; equal or lower changes nothing (no events).

        Found by `message_id`, else by `provider_id`. The provider's id is kept: the first one stays, and one that
        another message of the channel has is not taken. A message still pending, sending, unknown or parked is settled
        by it (sent or more: it was sent); a word below `sent` (the provider is still at it) settles nothing. A failure
        sets the error, anything above it takes the error away. `deliver` may be false where nothing waits behind the
        message, which spares a worker a look. None where no such message exists. Event: `message_update`.
        """
        ...

    # erasing guests

    async def export_guest(self, hotel: str, channel: str, handle: str) -> Mapping[str, Any] | None:
        """Return everything that is known of the guest of a handle, as JSON; None where there is none.

        `hotel`, `exported_at`; `guest` (id, name, language, created_at); `addresses` (channel, handle);
        `conversations`, each as the desk sees it with all its `messages` (`Message.as_export`, notes too) and `turns`
        (id, ending, ended_at, record, and `effects`: tool, what, data, needs_approval); `webhooks` (channel,
        provider_id, received_at, raw), those kept aside that name one of the handles too. Of files there is what
        attachments tell, not their bytes. May take longer than 2 seconds where there is much.
        """
        ...

    async def erase_guest(self, hotel: str, channel: str, handle: str, by: str, key: bytes = b"") -> Erased | None:
        """Erase the guest of a handle in one transaction; None where there is none.

        The guest, every address, conversation, message, file, turn and effect, the webhooks (those kept aside that
        name one of the handles too) and the events are gone; a claim on a conversation of theirs is lost. What is left
        is a `Tombstone` with the marks, made with `key`, of all addresses and of all those webhooks' provider ids, and
        by whom it was done. From then on `ingest` with the same `erasure_key` keeps out a message whose mark is there,
        and one from a marked address (or alias) whose `sent_at` is not later than the erasure: it answers
        `Ingested.kept_out` and writes nothing. Whoever writes anew is a new guest. Of two at once, an erasure and a
        message, one is first. Event for each conversation: `conversation_gone`. May take longer than 2 seconds.
        """
        ...

    async def erase_again(self, tombstone: Tombstone, key: bytes = b"") -> Erased | None:
        """Keep a tombstone of an earlier erasure (one that is there already is kept once), and erase what a restored
        backup has brought back of its guest, in one transaction. None where nothing was there to erase."""
        ...

    async def tombstones(self, after: str | None, limit: int) -> Sequence[Tombstone]:
        """Return the first `limit` tombstones by `guest_id`, those after the id `after` where one is given."""
        ...

    # answering

    async def heartbeat(self, worker: str) -> None:
        """Say that `worker` lives. A worker silent for `HEARTBEAT_LIFE` has lost its claims, also those that nobody has
        taken yet: its next heartbeat brings none back."""
        ...

    async def retire(self, worker: str) -> None:
        """Forget a worker and give back its claims: what it held is due at once. Deliveries that it left in `sending`
        are doubtful."""
        ...

    async def due(self, limit: int) -> Due:
        """Return conversations whose `answer_at` or `deliver_at` has come and that no living worker has claimed, the
        longest waiting first; `limit` for each kind."""
        ...

    async def claim_turn(self, worker: str, conversation_id: str, history: int) -> Turn | None:
        """Claim the conversation's due turn: raise its answer fence, name the worker (who needs a heartbeat), return
        up to `history` of the newest messages in or out (no notes). None where nothing is due, or a living worker has
        it, or staff handle it. A claim whose answer cannot reach the caller (`StoreUnavailable`) must not stay with
        it: the store gives it back, at the worker's next heartbeat at the latest; so too `claim_delivery`."""
        ...

    async def commit_turn(self, turn: Turn, end: TurnEnd, deliver_as: str | None = None) -> Committed:
        """End a turn, if its fence still holds; otherwise `fenced`. Another epoch, or staff's hands: `hands`, the claim
        is given back and nothing else written; where the change of hands took the claim too, a store may say `fenced`:
        both mean that the turn is thrown away. A guest's message newer than `turn.last_seq`: `newer` (see `Committed`;
        `rethinks` rises), unless the end is a HandOver or a NoReply or `even_if_newer`; then what is newer is due as a
        turn of its own (not after a HandOver).

        Reply: one `out` message a draft, `pending`, and `deliver_at`. HandOver: staff handle it, the epoch rises, a
        note with the reason by the system, the notice as an `out` message by the bot. Each end keeps the TurnRecord as
        a row of `turns`, whose id is `turn.id`, and the effects; resets rethinks and tries; gives the claim back.
        Messages added carry `turn_id` in `meta`, beside the draft's own and its template. Events: `new_message` each,
        `conversation_update`.

        Where `deliver_as` names a worker and something is to be delivered now, that is claimed for the worker in the
        same transaction, as by `claim_delivery`, whose claims may come to nothing too: then there is no `delivery`.
        """
        ...

    async def release_turn(self, turn: Turn, again_at: datetime | None) -> None:
        """Give a claim back without an end: the turn is due again at `again_at` (None: at once) with `tries` raised.
        Nothing where the fence is lost."""
        ...

    # delivering

    async def claim_delivery(self, worker: str, conversation_id: str) -> Delivery | None:
        """Claim the conversation's first `out` message, by `seq`, that is pending, sending or unknown, where it is due
        and no living worker delivers for this conversation.

        A pending one becomes `sending` here, before any call, with `attempt` raised and `sending_since` set. One that
        is already sending (its worker is gone) or unknown is returned as `doubtful`, its `sending_since` unchanged.
        While the first waits for its time, none behind it is sent.
        """
        ...

    async def settle_delivery(self, delivery: Delivery, end: DeliveryEnd) -> Settled:
        """End an attempt, if the fence still holds; the status only rises (a report may have come before us). The
        claim is given back and `deliver_at` set to when the next work is due. `Finish("pending")` is not allowed: use
        `WaitAndSend`; for a message of the bot's in a conversation that staff took over
        meanwhile, that means `cancelled`. A `WaitAndAsk` without an error leaves the one that is shown. Event:
        `message_update`, where status or error changed."""
        ...

    # staff

    async def staff_message(
        self, conversation_id: str, user: str, drafts: Sequence[Draft], client_id: str | None
    ) -> Changed:
        """Add a staff reply and take the conversation over, in one transaction: `handled_by` staff, the epoch raised
        if it was the bot's, assignee `user` if there was none, pending bot messages cancelled, claims of turns lost,
        the guest's messages answered, an open status. A `client_id` seen in this conversation: nothing, and
        `duplicate` with the messages of the first time."""
        ...

    async def staff_note(self, conversation_id: str, user: str, text: str, client_id: str | None) -> Changed:
        """Add a note, which no channel is ever given; it changes no hands."""
        ...

    async def take_over(self, conversation_id: str, user: str) -> Changed:
        """Staff take the conversation: see `staff_message`. Where another member of staff has it: `Conflict`, naming
        them. Where it is theirs already: no events. A resolved one is nobody's: who takes it, or replies, has it."""
        ...

    async def return_to_bot(self, conversation_id: str, rules: IngestRules) -> Changed:
        """Give a conversation back to the bot: the epoch rises, the assignee leaves, and guest messages that nobody
        answered are due now. Where the bot has it already: no events."""
        ...

    async def resolve(self, conversation_id: str) -> Changed:
        """Close a conversation: status resolved, no turn due, the epoch raised. Pending messages still leave."""
        ...

    async def mark_read(self, conversation_id: str) -> Changed:
        """Set `unread` to 0. Event `conversation_update`, where it was not."""
        ...

    # reading

    async def conversation(self, conversation_id: str) -> Conversation | None: ...

    async def message(self, message_id: str) -> Message | None: ...

    async def inbox(self, query: InboxQuery) -> InboxPage:
        """List conversations by (`last_at`, `id`), newest first, by key. A cursor that no page gave is `Refused`."""
        ...

    async def history(self, conversation_id: str, before: int | None, limit: int) -> HistoryPage:
        """Return the newest `limit` messages whose `seq` is below `before` (None: all), oldest first, notes too."""
        ...

    async def events_since(self, number: int, hotels: frozenset[str] | None, limit: int) -> EventPage:
        """Return the events after `number` for these hotels (None: all), with their data as of now. Of what was erased
        there is no event but `conversation_gone`."""
        ...

    async def last_event(self) -> int:
        """Return the newest number below which nothing can appear any more; 0 where there is none."""
        ...

    async def conversation_for(self, hotel: str, channel: str, handle: str) -> Conversation | None:
        """Return the conversation of a guest's handle, if there is one."""
        ...

    # people and settings

    async def add_user(self, user: User, password_hash: str) -> None:
        """Add a user; `Conflict` where the name is taken, without regard to case: names are compared in lower case (so
        STRASSE is another name than Straße)."""
        ...

    async def users(self) -> Sequence[User]: ...

    async def user(self, name: str) -> tuple[User, str] | None:
        """Return a user, found without regard to case, and the password's hash."""
        ...

    async def set_password(self, name: str, password_hash: str) -> None:
        """Set a password and end the user's sessions; `NotFound` where there is no such user."""
        ...

    async def set_disabled(self, name: str, disabled: bool) -> None:
        """Disable (ending the user's sessions) or enable a user; `NotFound` where there is no such user."""
        ...

    async def open_session(self, token_hash: str, user: str, ends_at: datetime) -> None: ...

    async def session(self, token_hash: str) -> User | None:
        """Return whose living session it is; None for an ended one or a disabled user."""
        ...

    async def close_session(self, token_hash: str) -> None: ...

    async def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the run-time settings: hotel, then key, then JSON value."""
        ...

    async def change_settings(self, hotel: str, values: Mapping[str, Any], user: str) -> None:
        """Write some settings of a hotel (None removes one), noting who and when."""
        ...

    # files

    async def media_due(self, limit: int) -> Sequence[MediaJob]:
        """Return attachments in state fetching whose next try is due."""
        ...

    async def save_media(
        self, job: MediaJob, content: MediaContent | None, *, url: str | None, again_at: datetime | None
    ) -> Changed | None:
        """Keep a file (the attachment becomes ready, with `url`, type, name and size), or note a failure: tried again
        at `again_at`, or failed for good where that is None. Event: `message_update`."""
        ...

    async def media(self, message_id: str, position: int) -> MediaContent | None: ...

    # the house itself

    async def claim_chore(self, name: str, every: timedelta) -> bool:
        """Say whether the caller should do a chore (backfill) now: true once per `every` across all processes."""
        ...

    async def watermark(self, name: str) -> datetime | None: ...

    async def set_watermark(self, name: str, at: datetime) -> None:
        """Move a watermark forward; never back."""
        ...

    async def add_counts(self, counts: Mapping[str, float]) -> None:
        """Add to the deployment's counters (the keys are the metrics module's)."""
        ...

    async def counts(self) -> Mapping[str, float]: ...

    async def pulse(self) -> Pulse: ...
