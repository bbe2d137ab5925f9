"""What staff work with at the desk, as data, and the port of a store that keeps it.

A store must be a `Store`; the main job needs no more. One that is a `KeepsDesk` too gives staff their views, labels,
snoozes, drafts, schedules and figures. Where it is not, the desk shows what a `Store` can tell and offers no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from innbox.messages import Author, AuthorKind, BotMode, Conversation, Guest, MediaContent, rfc3339
from innbox.ports import Changed, Draft, InboxPage, IngestRules

# --- views --------------------------------------------------------------------------------------------------------

MOST_COUNTED = 1000  # a view's count goes no further: staff need to know that there are many, not how many


class View(StrEnum):
    """The saved views of the inbox. Each holds open conversations alone, but for the last three."""

    MINE = "mine"  # staff have them, and the asker is the assignee
    UNASSIGNED = "unassigned"  # staff have them, and nobody is the assignee
    BOT = "bot"
    WAITING = "waiting"  # a guest waits for an answer; the longest first
    URGENT = "urgent"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    ALL = "all"  # open and snoozed


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """A page of a view as `user` sees it. `hotels` None means all; `label` keeps those that have it."""

    view: View
    user: str
    hotels: frozenset[str] | None = None
    label: str | None = None
    cursor: str | None = None
    limit: int = 50


# --- what staff keep ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StaffReply:
    """A reply of staff, with all that may come with it.

    `files` are the bytes of the attachments of the first draft, in their order. `seen_seq`: the newest guest message
    that the writer had before them (None: no matter). `suggestion_id`: the bot's draft that the reply was made of.
    `client_id` as in `Store.staff_message`.
    """

    conversation_id: str
    user: str
    drafts: tuple[Draft, ...]
    files: tuple[MediaContent, ...] = ()
    client_id: str | None = None
    seen_seq: int | None = None
    suggestion_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message of staff that leaves at a time, unless it is called back before."""

    id: str
    conversation_id: str
    user: str
    text: str
    at: datetime
    created_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "conversation_id": self.conversation_id,
            "user": self.user,
            "text": self.text,
            "at": rfc3339(self.at),
            "created_at": rfc3339(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class CannedReply:
    """A text that staff use again and again, found by its `shortcut` after a `/`. It may hold `{guest}` and
    `{hotel}`."""

    id: str
    hotel: str
    shortcut: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "hotel": self.hotel, "shortcut": self.shortcut, "text": self.text}


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """How one answer of the bot came about: the turn's record (see `TurnRecord.as_json`) and what its tools did."""

    id: str
    conversation_id: str
    ending: str
    ended_at: datetime
    record: Mapping[str, Any]
    effects: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "conversation_id": self.conversation_id,
            "ending": self.ending,
            "ended_at": rfc3339(self.ended_at),
            "record": dict(self.record),
            "effects": [dict(effect) for effect in self.effects],
        }


@dataclass(frozen=True, slots=True)
class GuestRecord:
    """What is known of a conversation's guest. `addresses` are (channel, handle); `conversations` are the guest's
    others at this hotel, the newest first, at most 20."""

    guest: Guest
    first_seen_at: datetime
    addresses: tuple[tuple[str, str], ...]
    opted_out_at: datetime | None
    conversations: tuple[Conversation, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "guest": self.guest.as_json(),
            "first_seen_at": rfc3339(self.first_seen_at),
            "addresses": [{"channel": channel, "handle": handle} for channel, handle in self.addresses],
            "opted_out_at": rfc3339(self.opted_out_at) if self.opted_out_at else None,
            "conversations": [conversation.as_json() for conversation in self.conversations],
        }


# --- timers ---------------------------------------------------------------------------------------------------------


class TimerKind(StrEnum):
    """What time brings to a conversation."""

    WAKE = "wake"  # a snooze is over
    BOT_BACK = "bot_back"  # the bot has it again
    RING = "ring"  # an urgent one rings for the next person
    SEND = "send"  # a scheduled message leaves


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is due. `subject` is the id of the scheduled message, else that of the conversation."""

    kind: TimerKind
    hotel: str
    conversation_id: str
    subject: str


# --- opting out -----------------------------------------------------------------------------------------------------


def opt_out_note(out: bool) -> Draft:
    """Return the note that tells staff that a guest opts out of messages that they did not ask for, or in again."""
    wish = "does not want" if out else "wants"
    return Draft(f"The guest {wish} messages that they did not ask for.", Author(AuthorKind.SYSTEM))


# --- figures --------------------------------------------------------------------------------------------------------

FIGURE_MINUTES = 15  # every zone's days and hours begin at one of these
WAIT_BOUNDS = (10, 30, 60, 120, 300, 900, 1800, 3600, 14400, 86400)  # seconds, of the classes of waiting times


@dataclass(frozen=True, slots=True)
class Figures:
    """A quarter of an hour of one hotel, from `at` on. Everything is a sum, so quarters can be added up.

    Things count when they happen: a message when it is written, `failed` whenever one fails (one that is retried may
    fail again), a turn when it ends. `hand_overs` are turns that ended so, and urgent messages that took a conversation
    from the bot. `waits_by_bot` and `waits_by_staff` count the answers to waiting guests by how long the guest had
    waited: a class for each of `WAIT_BOUNDS` (up to and with that many seconds) and one above the last. `resolved`
    counts those in which anything was said since the last time, and `solve_seconds` adds up the times from the first
    such word on. Figures name nobody, and stay when a guest is erased.
    """

    hotel: str
    at: datetime
    guest_messages: int = 0
    bot_messages: int = 0
    staff_messages: int = 0
    failed: int = 0
    hand_overs: int = 0
    turns: int = 0
    cost_usd: float = 0.0
    waits_by_bot: tuple[int, ...] = (0,) * (len(WAIT_BOUNDS) + 1)
    waits_by_staff: tuple[int, ...] = (0,) * (len(WAIT_BOUNDS) + 1)
    resolved: int = 0
    solve_seconds: float = 0.0


# --- people ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, and when. `detail` is small JSON without a guest's text, name or number."""

    id: str
    at: datetime
    user: str
    action: str
    hotel: str | None = None
    conversation_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": rfc3339(self.at),
            "user": self.user,
            "action": self.action,
            "hotel": self.hotel,
            "conversation_id": self.conversation_id,
            "detail": dict(self.detail),
        }


# --- the port -------------------------------------------------------------------------------------------------------


@runtime_checkable
class KeepsDesk(Protocol):
    """A store that keeps what staff work with. Its verbs are as those of `Store`: one transaction each,
    `StoreUnavailable` within 2 seconds, `NotFound` for ids that do not exist. A verb that changes a conversation has
    the event `conversation_update` (and those of the messages that it adds or changes), and none where it changes
    nothing.

    The verbs of `Store` do more here:

    - `ingest`: an urgent message gives the conversation to staff (as a hand-over would, without a claim), and no turn
      is due. Where it was not urgent yet, or had been acknowledged, it is `urgent` from now on and the `notice`, where
      there is one, is added as a pending `out` message of the bot's. With `opts_out` the guest's wish is kept, no turn
      is due for the message, nobody waits because of it, and a note by the system says so; where it changes nothing
      (False by a guest who had not opted out), it is a message like any other. A conversation whose own mode is `off`
      is taken in as where the bot is off; one with any other mode of its own as where it is on. A snooze is over; where
      the hands change, so are `bot_back_at` and a waiting suggestion.
    - `staff_message`, `take_over`, `return_to_bot`, `resolve` and hand-overs end a waiting suggestion and a snooze
      (`return_to_bot` also where the bot has it); all but a reply of those who have it anyway end `bot_back_at`, and
      `resolve` ends urgency. `waiting_since` ends with every answer of the bot's or of staff, and with `resolve`; a
      hand-over's notice is none.
    - `commit_turn` takes a `Propose`: the suggestion is kept, no turn is due, the conversation stays the bot's; the
      verdicts are those of a `Reply`. Its row of `turns` has the ending `propose`.
    - `claim_delivery` tells of `opted_out`, and of `proactive` where the message has a template or the draft's `meta`
      says so.
    - `report_status`: a word on an attempt that failed or was parked, by the provider's id that it had, says nothing of
      one that staff have made in its place; only that the guest has the message counts (`delivered`, `read`), and then
      it is not sent again.
    - `export_guest` has what is kept here of the guest: the guest's `opted_out_at`, and each conversation's
      `suggestions` (id, turn_id, seq, text, sources, made_at, outcome, final_text, settled_by, settled_at) and
      `scheduled` messages (id, user, text, at, created_at, ended_at), those that have left or were called back too.
      `erase_guest` takes it away; audit entries and figures stay.
    """

    # views

    async def view(self, query: ViewQuery) -> InboxPage:
        """List a view by (`last_at`, `id`), newest first; `waiting` by (`waiting_since`, `id`), oldest first. By key;
        a cursor that no page of this view gave is `Refused`."""
        ...

    async def view_counts(self, user: str, hotels: frozenset[str] | None) -> Mapping[str, int]:
        """Count the conversations of mine, unassigned, bot, waiting, urgent and snoozed; `MOST_COUNTED` at most."""
        ...

    async def labels(self, hotels: frozenset[str] | None) -> Sequence[str]:
        """Return the labels that conversations have, sorted by their characters' numbers."""
        ...

    # working tools

    async def set_labels(self, conversation_id: str, labels: Sequence[str]) -> Changed:
        """Give a conversation these labels and no others, each once. `Store.inbox` finds it by a whole label too, case
        aside."""
        ...

    async def assign(self, conversation_id: str, assignee: str | None) -> Changed:
        """Give a conversation to a member of staff, or to staff as a whole: staff have it (as with
        `Store.take_over`, whoever had it), and a snooze, an end and `bot_back_at` are over. Where it is so already: no
        events."""
        ...

    async def snooze(self, conversation_id: str, until: datetime) -> Changed:
        """Lay a conversation aside until a time or a guest's message: status `snoozed`, no turn is due, and the claim
        on one is lost; the hands stay. `Conflict` where it is resolved."""
        ...

    async def set_bot_mode(self, conversation_id: str, mode: BotMode | None) -> Changed:
        """Say how the bot deals with this conversation; None: as its hotel does. A draft that waits is gone where the
        mode is no longer `draft`, and what nobody answered is due at once. One whose bot is `off` goes to staff as a
        whole where the bot had it."""
        ...

    async def set_bot_back(self, conversation_id: str, at: datetime | None) -> Changed:
        """Set, or clear, when a conversation that staff have goes back to the bot; `Conflict` where they do not have
        it, or it is resolved. Any other change of hands, and `resolve`, clears it."""
        ...

    async def acknowledge(self, conversation_id: str, user: str) -> Changed:
        """Say that `user` has heard of an urgent conversation: it rings no more, and is theirs where it was nobody's.
        The first one counts; a later one, or one that is not urgent, changes nothing."""
        ...

    async def canned_replies(self, hotels: frozenset[str] | None) -> Sequence[CannedReply]:
        """Return the canned replies, by hotel and shortcut, case aside."""
        ...

    async def save_canned(self, reply: CannedReply) -> None:
        """Add or change one; `Conflict` where another of the hotel has the shortcut, case aside. A reply stays at its
        hotel: with another hotel's it is `NotFound`."""
        ...

    async def remove_canned(self, canned_id: str) -> None:
        """Remove one; `NotFound` where there is none."""
        ...

    # timers

    async def due_timers(self, limit: int) -> Sequence[Timer]:
        """Return what is due, the longest first."""
        ...

    async def wake_snoozed(self, conversation_id: str) -> Changed | None:
        """Open a conversation whose snooze is over, in the hands that had it, with `unread` at least 1; what nobody
        answered is due where the bot has it, unless its draft waits. None where none is over (any more)."""
        ...

    async def bot_back(self, conversation_id: str, rules: IngestRules) -> Changed | None:
        """Give a conversation back to the bot as `Store.return_to_bot` does, where that is due; None where it is not.
        Where its own mode, or else `bot_on`, says that the bot is off, only the timer is cleared."""
        ...

    async def ring(self, conversation_id: str, person: str | None, again_at: datetime | None) -> Changed | None:
        """Let an urgent conversation ring for `person` (None: for everybody) and for the next one at `again_at` (None:
        no more); None where it rings no more, or not yet again."""
        ...

    async def schedule(
        self, conversation_id: str, user: str, text: str, at: datetime, client_id: str | None
    ) -> tuple[Scheduled, Changed]:
        """Keep a message to be sent at a time. A `client_id` that scheduled one in this conversation: the same one
        again (though it has left, or was called back), and `duplicate`."""
        ...

    async def scheduled(self, conversation_id: str) -> Sequence[Scheduled]:
        """Return what is scheduled, the next first."""
        ...

    async def unschedule(self, scheduled_id: str) -> Changed:
        """Call a scheduled message back; `NotFound` where it has left or was called back already."""
        ...

    async def send_scheduled(
        self, scheduled_id: str, drafts: Sequence[Draft], note: str | None = None
    ) -> Changed | None:
        """Turn a scheduled message that is due into the `out` messages `drafts`, as `Store.staff_message` would, but
        without changing hands or status; None where it is not due (any more). It answers what the guest had written
        when it was scheduled, unless a turn of the bot's is due. With a `note` it does not leave (there are no drafts):
        the note, by the system, takes its place and says why."""
        ...

    # answers

    async def reply(self, reply: StaffReply) -> Changed:
        """Add a staff reply: what `Store.staff_message` does, and more.

        A guest message newer than `seen_seq`: `Conflict` (its text says so), and nothing is written; a `client_id` seen
        before is a duplicate all the same. Files are kept, and the attachments of the first message are `ready`, at the
        `url` `/media/MESSAGE_ID/POSITION`. A suggestion is settled with it: its final text is kept beside the bot's,
        and the conversation stays in the bot's hands where they were the bot's; the guest's messages are answered, and
        a turn under way is fenced. One that is gone is no error, and leaves the conversation where it is too.
        """
        ...

    async def note(
        self, conversation_id: str, user: str, text: str, client_id: str | None, mentions: Sequence[str]
    ) -> Changed:
        """Add a note as `Store.staff_note` does, with the names of the colleagues that it calls in `meta.mentions`."""
        ...

    async def dismiss_suggestion(self, conversation_id: str, suggestion_id: str, user: str) -> Changed:
        """Put the bot's draft away; one that is gone changes nothing."""
        ...

    async def turn(self, turn_id: str) -> TurnFacts | None:
        """Return how an answer came about; None where no turn of this id has ended."""
        ...

    async def save_translation(
        self, message_id: str, language: str, text: str, source: str | None = None
    ) -> Changed | None:
        """Keep a message's text in a language, beside the original; None where there is no such message. Event:
        `message_update`.

        `source` is the language that the original was found to be in: it becomes `meta.language` and, for a guest's
        message, the guest's language where none is known (then with `conversation_update`). Where it is `language`
        itself, there is no translation to keep.
        """
        ...

    # deliveries

    async def retry(self, message_id: str) -> Changed:
        """Send a failed `out` message anew: `pending`, due at once (in the order of `seq`), without its error and the
        provider's id; the next claim raises `attempt`. Also one of the bot's where staff have the conversation.
        `Conflict` where it is not failed. Event: `message_update`."""
        ...

    async def decide(self, message_id: str, arrived: bool) -> Changed:
        """Settle a parked `out` message by staff's word: `sent` where it arrived, else as with `retry`. `Conflict`
        where it is not parked. Event: `message_update`."""
        ...

    async def retry_media(self, message_id: str, position: int) -> Changed:
        """Download a failed attachment once more: `fetching`, due at once, its tries counted anew. `Conflict` where it
        has not failed. Event: `message_update`."""
        ...

    # guests

    async def guest_record(self, conversation_id: str) -> GuestRecord | None:
        """Return what is known of a conversation's guest; None where there is no such conversation."""
        ...

    async def set_opt_out(self, conversation_id: str, out: bool) -> Changed:
        """Say whether the guest has opted out of messages that they did not ask for, on every channel. Where it is so
        already: no events."""
        ...

    # figures and people

    async def figures(self, hotels: frozenset[str] | None, since: datetime, until: datetime) -> Sequence[Figures]:
        """Return the quarters of an hour from `since` up to `until` in which something happened, by `at`, then
        hotel."""
        ...

    async def audit(self, entry: AuditEntry) -> None:
        """Keep an entry, once; the store's own time is kept where `at` would be in the future."""
        ...

    async def audit_log(
        self, hotels: frozenset[str] | None, before: str | None, limit: int, user: str | None = None
    ) -> Sequence[AuditEntry]:
        """Return entries, the newest first, below the id `before` where one is given (one that is no id is `Refused`);
        with `user`, what they did. Entries without a hotel are for those who may see every hotel (`hotels` None)."""
        ...

    async def change_user(self, name: str, role: str, hotels: frozenset[str] | None) -> None:
        """Set a user's role and hotels; `NotFound` where there is no such user. Their open sessions follow."""
        ...
