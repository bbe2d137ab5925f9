"""What a store should do, in plain Python: conversations, deliveries, and the log of events.

Each verb is given what the store answered, from which it learns only what a store may choose (ids, times, fences), and
returns what should have been answered: a value of the port, or the class of the error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from innbox.errors import Conflict
from innbox.events import Event, EventName
from innbox.messages import (
    DELIVERY_RANK,
    Address,
    Author,
    AuthorKind,
    Conversation,
    ConversationStatus,
    Delivery,
    DeliveryStatus,
    Direction,
    Failure,
    Guest,
    HandledBy,
    Inbound,
    Message,
    StatusReport,
    Template,
    Turn,
    now,
)
from innbox.ports import (
    Changed,
    Committed,
    DeliveryEnd,
    Draft,
    Finish,
    HandOver,
    Ingested,
    IngestRules,
    NoReply,
    Propose,
    Reply,
    Settled,
    TurnEnd,
    WaitAndAsk,
    WaitAndSend,
)

AT_ONCE = datetime.min.replace(tzinfo=UTC)  # any time that has come
LEAVING = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN})
NOTHING_IN_TURN = "nothing: it is not due, or somebody has it"


@dataclass
class Said:
    """A message as it should be shown, and what is kept beside it."""

    message: Message
    client_id: str | None = None
    template: Template | None = None
    due_at: datetime = AT_ONCE
    attempt: int = 0
    absences: int = 0
    recalled: bool = False
    sending_since: datetime | None = None

    @property
    def status(self) -> DeliveryStatus:
        assert self.message.status is not None
        return self.message.status

    @property
    def leaving(self) -> bool:
        return self.message.status in LEAVING

    def become(self, status: DeliveryStatus, error: Failure | None) -> bool:
        """Take a status and an error on; say whether that is news."""
        before = self.message
        self.message = replace(before, status=status, error=error)
        return self.message != before


@dataclass
class Talk:
    """A conversation, and who works on it."""

    shown: Conversation
    said: list[Said] = field(default_factory=list)
    guest_seq: int = 0
    answered_seq: int = 0
    burst_since: datetime | None = None
    answer_at: datetime | None = None
    turn: tuple[str, str] | None = None  # the turn that holds the claim, and its worker
    answer_fence: int = 0
    rethinks: int = 0
    tries: int = 0
    delivery: tuple[int, str] | None = None  # the fence of the claim, and its worker
    deliver_fence: int = 0

    @property
    def id(self) -> str:
        return self.shown.id

    @property
    def by_bot(self) -> bool:
        return self.shown.handled_by is HandledBy.BOT

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(one.message for one in self.said)

    @property
    def head(self) -> Said | None:
        """The message that deliveries stand at."""
        return next((one for one in self.said if one.leaving), None)

    @property
    def deliver_at(self) -> datetime | None:
        return self.head.due_at if self.head else None

    def now_is(self) -> Conversation:
        last, waiting = self.said[-1].message, self.unanswered()
        return replace(
            self.shown,
            last_message=last,
            last_at=last.created_at,
            waiting_since=waiting[0].created_at if waiting else None,
        )

    def unanswered(self) -> tuple[Message, ...]:
        return tuple(
            message
            for message in self.messages
            if message.direction is Direction.IN and message.seq > self.answered_seq
        )

    def forget_turn(self) -> None:
        """A change of hands: no turn goes on, and nothing is counted any more."""
        self.turn, self.rethinks, self.tries = None, 0, 0


def come(at: datetime | None) -> bool:
    """Say whether a time has come."""
    return at is not None and at <= now()


class House:
    """All conversations, the log of events, and which workers live."""

    def __init__(self) -> None:
        self.talks: list[Talk] = []
        self.log: list[tuple[EventName, Talk, Said | None]] = []
        self.alive: set[str] = set()
        self._silent: set[str] = set()  # for too long; one that has never said anything is not among them
        self.webhooks: dict[tuple[str, str], tuple[Talk, Said]] = {}
        self._guests: dict[tuple[str, Address], str] = {}  # hotel and address, to the guest's id
        self._provider_ids: dict[tuple[str, str], Said] = {}
        self._retired: set[tuple[str, str]] = set()  # the ids of attempts in whose place staff had another one made

    # guests

    def ingest(self, inbound: Inbound, rules: IngestRules, found: Ingested) -> Ingested:
        key = (inbound.address.channel, inbound.provider_id)
        if key in self.webhooks:
            talk, said = self.webhooks[key]
            return Ingested(said.message, talk.now_is(), duplicate=True)
        talk = self._talk_of(inbound, rules, found)
        message = Message(
            id=found.message.id,
            conversation_id=talk.id,
            seq=len(talk.said) + 1,
            direction=Direction.IN,
            author=Author(AuthorKind.GUEST, inbound.guest_name),
            text=inbound.text,
            created_at=found.message.created_at,
            provider_id=inbound.provider_id,
            meta=dict(inbound.meta),
        )
        said = Said(message)
        talk.said.append(said)
        talk.guest_seq = message.seq
        self.webhooks[key] = (talk, said)
        self._after_guest(talk, inbound, rules, message.created_at)
        return Ingested(message, talk.now_is(), False, self._tell(talk, new=[said]), talk.answer_at)

    def _talk_of(self, inbound: Inbound, rules: IngestRules, found: Ingested) -> Talk:
        addresses = (inbound.address, *inbound.aliases)
        known = (self._guests.get((inbound.hotel, address)) for address in addresses)
        guest_id = next((guest for guest in known if guest), found.conversation.guest.id)
        for address in addresses:
            self._guests.setdefault((inbound.hotel, address), guest_id)
        names = {"name": inbound.guest_name, "language": inbound.language}
        given: dict[str, Any] = {name: value for name, value in names.items() if value is not None}
        of_guest = [talk for talk in self.talks if talk.shown.guest.id == guest_id]
        before = of_guest[0].shown.guest if of_guest else Guest(guest_id, None, "")
        for talk in of_guest:
            talk.shown = replace(talk.shown, guest=replace(talk.shown.guest, **given))
        for talk in of_guest:
            if talk.shown.channel == inbound.address.channel:
                return talk
        guest = replace(before, handle=inbound.address.handle, **given)
        talk = Talk(
            Conversation(
                id=found.conversation.id,
                hotel=inbound.hotel,
                channel=inbound.address.channel,
                guest=guest,
                status=ConversationStatus.OPEN,
                handled_by=HandledBy.BOT if rules.bot_on else HandledBy.STAFF,
                epoch=0,
            )
        )
        self.talks.append(talk)
        return talk

    def _after_guest(self, talk: Talk, inbound: Inbound, rules: IngestRules, at: datetime) -> None:
        before = talk.shown
        reopened = before.status is not ConversationStatus.OPEN
        bot_may = rules.bot_on and (reopened or talk.by_bot)
        hands = HandledBy.BOT if bot_may else HandledBy.STAFF
        changed = reopened or hands is not before.handled_by
        if changed:
            talk.forget_turn()
        window = before.window_closes_at
        if rules.reply_window is not None:
            opened = min(inbound.sent_at or at, at) + rules.reply_window
            window = max(window or opened, opened)
        talk.shown = replace(
            before,
            guest=replace(before.guest, handle=inbound.address.handle),
            status=ConversationStatus.OPEN,
            handled_by=hands,
            epoch=before.epoch + changed,
            assignee=None if reopened else before.assignee,
            unread=before.unread + 1,
            window_closes_at=window,
        )
        talk.burst_since = (talk.burst_since or at) if bot_may else None
        talk.answer_at = (
            min(at + timedelta(seconds=rules.wait_seconds), _after(talk.burst_since, rules.wait_at_most_seconds))
            if talk.burst_since
            else None
        )

    def report_status(self, report: StatusReport, found: Changed | None) -> Changed | None:
        talk, said = self._reported(report)
        if talk is None or said is None:
            return None
        retired = (report.channel, report.provider_id) in self._retired
        least = DELIVERY_RANK[DeliveryStatus.DELIVERED if retired else DeliveryStatus.SENT]
        rank = DELIVERY_RANK[report.status]
        rises = rank >= least and rank > DELIVERY_RANK[said.status]
        if rises or not retired:
            self._keep_provider_id(talk, said, report.provider_id)
        if not rises:
            return Changed(talk.now_is(), deliver=False)
        was_settled = DELIVERY_RANK[said.status] >= DELIVERY_RANK[DeliveryStatus.SENT]
        said.become(report.status, report.failure if report.status is DeliveryStatus.FAILED else None)
        waits = talk.deliver_at is not None and not was_settled
        return Changed(talk.now_is(), (), self._tell(talk, updated=[said], whole=False), deliver=waits)

    def _reported(self, report: StatusReport) -> tuple[Talk | None, Said | None]:
        of_channel = [talk for talk in self.talks if talk.shown.channel == report.channel]
        for talk in of_channel:
            for said in talk.said:
                if said.message.id == report.message_id and said.message.direction is Direction.OUT:
                    return talk, said
        wanted = self._provider_ids.get((report.channel, report.provider_id or ""))
        for talk in of_channel:
            if wanted in talk.said:
                return talk, wanted
        return None, None

    def earlier_ids(self, message_id: str) -> list[str]:
        """Return the providers' ids of attempts at a message in whose place staff had another one made."""
        return sorted(key[1] for key in self._retired if self._provider_ids[key].message.id == message_id)

    def _keep_provider_id(self, talk: Talk, said: Said, provider_id: str | None) -> None:
        """The first id stays; one that another message of the channel has, or had, is not taken."""
        key = (talk.shown.channel, provider_id or "")
        if provider_id and said.message.provider_id is None and self._provider_ids.get(key, said) is said:
            self._provider_ids[key] = said
            self._retired.discard(key)
            said.message = replace(said.message, provider_id=provider_id)

    # workers

    def heartbeat(self, worker: str) -> None:
        if worker in self._silent:
            self.retire(worker)
        self.alive.add(worker)

    def fall_silent(self, worker: str) -> None:
        if worker in self.alive:
            self.alive.remove(worker)
            self._silent.add(worker)

    def retire(self, worker: str) -> None:
        self.alive.discard(worker)
        self._silent.discard(worker)
        for talk in self.talks:
            if talk.turn and talk.turn[1] == worker:
                talk.turn = None
                talk.answer_at = AT_ONCE if talk.answer_at else None
            if talk.delivery and talk.delivery[1] == worker:
                talk.delivery = None

    def claimable_turn(self, talk: Talk) -> bool:
        return talk.by_bot and come(talk.answer_at) and not (talk.turn and talk.turn[1] in self.alive)

    def claimable_delivery(self, talk: Talk) -> bool:
        return come(talk.deliver_at) and not (talk.delivery and talk.delivery[1] in self.alive)

    # answering

    def claim_turn(self, talk: Talk, worker: str, history: int, found: Turn | None) -> Turn | str | None:
        if not self.claimable_turn(talk):
            return None
        if found is None:
            return "a turn"
        if found.fence <= talk.answer_fence:
            return f"a fence above {talk.answer_fence}"
        talk.turn, talk.answer_fence, talk.burst_since = (found.id, worker), found.fence, None
        said = [message for message in talk.messages if message.direction is not Direction.NOTE]
        return Turn(
            id=found.id,
            conversation=talk.now_is(),
            fence=found.fence,
            epoch=talk.shown.epoch,
            last_seq=talk.guest_seq,
            history=tuple(said[-history:]) if history else (),
            unanswered=talk.unanswered(),
            rethinks=talk.rethinks,
            tries=talk.tries,
        )

    def commit_turn(self, talk: Talk, turn: Turn, end: TurnEnd, found: Committed) -> Committed:
        held = talk.turn is not None and talk.turn[0] == turn.id
        if talk.shown.epoch != turn.epoch or not talk.by_bot:
            if held:
                talk.turn = None
            # The claim went with the hands; a store may see either first, and both mean: thrown away.
            allowed = found.verdict in ("hands", "fenced")
            conversation = talk.now_is() if found.verdict == "hands" and found.conversation else None
            return Committed(found.verdict if allowed else "hands or fenced", conversation)
        if not held:
            return Committed("fenced")
        newer = talk.guest_seq > turn.last_seq
        if newer and isinstance(end, Reply) and not end.even_if_newer:
            talk.turn = None
            talk.rethinks += 1
            return Committed("newer", talk.now_is(), answer_at=talk.answer_at)
        return self._end_turn(talk, turn, end, newer, found)

    def _end_turn(self, talk: Talk, turn: Turn, end: TurnEnd, newer: bool, found: Committed) -> Committed:
        added = self._add(talk, _drafts(end), found.messages, turn_id=turn.id)
        talk.forget_turn()
        if isinstance(end, HandOver):
            talk.shown = replace(talk.shown, handled_by=HandledBy.STAFF, epoch=talk.shown.epoch + 1)
            talk.answer_at = talk.burst_since = None
        else:
            talk.answered_seq = turn.last_seq
            talk.answer_at = talk.answer_at if newer else None
        return Committed(
            "done",
            talk.now_is(),
            tuple(one.message for one in added),
            self._tell(talk, new=added),
            answer_at=talk.answer_at,
            deliver=come(talk.deliver_at),
        )

    def release_turn(self, talk: Talk, turn: Turn, again_at: datetime | None) -> None:
        if talk.turn is not None and talk.turn[0] == turn.id:
            talk.turn = None
            talk.tries += 1
            talk.answer_at = again_at or AT_ONCE

    # delivering

    def claim_delivery(self, talk: Talk, worker: str, found: Delivery | None) -> Delivery | str | None:
        if not self.claimable_delivery(talk):
            return None
        if found is None:
            return "a delivery"
        if found.fence <= talk.deliver_fence:
            return f"a fence above {talk.deliver_fence}"
        talk.delivery, talk.deliver_fence = (found.fence, worker), found.fence
        head = talk.head
        assert head is not None
        doubtful = head.status is not DeliveryStatus.PENDING
        if not doubtful:
            head.become(DeliveryStatus.SENDING, head.message.error)
            head.attempt += 1
            head.sending_since = found.outgoing.sending_since
        message, shown = head.message, talk.shown
        outgoing = replace(
            found.outgoing,
            message_id=message.id,
            conversation_id=talk.id,
            hotel=shown.hotel,
            address=Address(shown.channel, shown.guest.handle),
            text=message.text,
            attempt=head.attempt,
            sending_since=head.sending_since or AT_ONCE,
            attachments=message.attachments,
            template=head.template,
            window_closes_at=shown.window_closes_at,
            proactive=head.template is not None,
            opted_out=False,
        )
        trace = message.meta.get("trace") or message.id
        return Delivery(outgoing, found.fence, doubtful, head.absences, message.author.kind, trace)

    def settle_delivery(self, talk: Talk, delivery: Delivery, end: DeliveryEnd) -> Settled:
        if talk.delivery is None or talk.delivery[0] != delivery.fence:
            return Settled(fenced=True)
        talk.delivery = None
        said = next(one for one in talk.said if one.message.id == delivery.outgoing.message_id)
        news = self._settle(talk, said, end)
        events = self._tell(talk, updated=[said], whole=False) if news else ()
        return Settled(False, events, talk.deliver_at)

    def _settle(self, talk: Talk, said: Said, end: DeliveryEnd) -> bool:
        if isinstance(end, Finish):
            self._keep_provider_id(talk, said, end.provider_id)
            status = DeliveryStatus(end.status)
            if said.leaving or DELIVERY_RANK[status] > DELIVERY_RANK[said.status]:
                return said.become(status, end.error)
            return False
        if not said.leaving:
            return False
        if isinstance(end, WaitAndAsk):
            said.due_at = end.at
            said.absences += end.absent
            return said.become(DeliveryStatus.UNKNOWN, end.error or said.message.error)
        assert isinstance(end, WaitAndSend)
        if said.recalled:
            return said.become(DeliveryStatus.CANCELLED, said.message.error)
        said.due_at, said.absences = end.at, 0
        return said.become(DeliveryStatus.PENDING, end.error)

    def retry(self, talk: Talk, said: Said) -> Changed | type[Exception]:
        if said.message.status is not DeliveryStatus.FAILED:
            return Conflict
        return self._send_anew(talk, said)

    def decide(self, talk: Talk, said: Said, arrived: bool) -> Changed | type[Exception]:
        if said.message.status is not DeliveryStatus.PARKED:
            return Conflict
        if not arrived:
            return self._send_anew(talk, said)
        said.become(DeliveryStatus.SENT, None)
        return Changed(talk.now_is(), (), self._tell(talk, updated=[said], whole=False))

    def _send_anew(self, talk: Talk, said: Said) -> Changed:
        self._retired |= {key for key, holder in self._provider_ids.items() if holder is said}
        said.message = replace(said.message, provider_id=None)
        said.become(DeliveryStatus.PENDING, None)
        said.due_at, said.absences, said.recalled = AT_ONCE, 0, False
        return Changed(talk.now_is(), (), self._tell(talk, updated=[said], whole=False))

    # staff

    def staff_message(
        self, talk: Talk, user: str, drafts: Sequence[Draft], client_id: str | None, found: Changed
    ) -> Changed:
        if again := self._seen(talk, client_id):
            return again
        cancelled = self._take(talk, user)
        talk.answered_seq = talk.guest_seq
        added = self._add(talk, [(Direction.OUT, draft) for draft in drafts], found.messages, client_id)
        return self._changed(talk, cancelled, added)

    def staff_note(self, talk: Talk, user: str, text: str, client_id: str | None, found: Changed) -> Changed:
        if again := self._seen(talk, client_id):
            return again
        note = Draft(text, Author(AuthorKind.STAFF, user))
        return self._changed(talk, [], self._add(talk, [(Direction.NOTE, note)], found.messages, client_id))

    def take_over(self, talk: Talk, user: str) -> Changed | type[Exception]:
        shown = talk.shown
        held = not talk.by_bot and shown.status is not ConversationStatus.RESOLVED
        if held and shown.assignee == user:
            return Changed(talk.now_is())
        if held and shown.assignee is not None:
            return Conflict
        return self._changed(talk, self._take(talk, user), [])

    def return_to_bot(self, talk: Talk) -> Changed:
        if talk.by_bot:
            return Changed(talk.now_is())
        talk.forget_turn()
        talk.shown = replace(talk.shown, handled_by=HandledBy.BOT, epoch=talk.shown.epoch + 1, assignee=None)
        talk.answer_at = AT_ONCE if talk.unanswered() else None
        return self._changed(talk, [], [])

    def resolve(self, talk: Talk) -> Changed:
        if talk.shown.status is ConversationStatus.RESOLVED:
            return Changed(talk.now_is())
        talk.forget_turn()
        talk.shown = replace(talk.shown, status=ConversationStatus.RESOLVED, epoch=talk.shown.epoch + 1)
        talk.answered_seq = talk.guest_seq
        talk.answer_at = talk.burst_since = None
        return self._changed(talk, [], [])

    def mark_read(self, talk: Talk) -> Changed:
        if not talk.shown.unread:
            return Changed(talk.now_is())
        talk.shown = replace(talk.shown, unread=0)
        return self._changed(talk, [], [])

    def _take(self, talk: Talk, user: str) -> list[Said]:
        """Give a conversation to staff; return the bot's messages that are cancelled by that."""
        cancelled = []
        for said in talk.said:
            if said.leaving and said.message.author.kind is AuthorKind.BOT:
                if said.status is DeliveryStatus.PENDING:
                    said.become(DeliveryStatus.CANCELLED, said.message.error)
                    cancelled.append(said)
                else:
                    said.recalled = True
        shown = talk.shown
        nobodys = shown.status is ConversationStatus.RESOLVED or shown.assignee is None
        talk.forget_turn()
        talk.answer_at = talk.burst_since = None
        talk.shown = replace(
            shown,
            handled_by=HandledBy.STAFF,
            epoch=shown.epoch + talk.by_bot,
            assignee=user if nobodys else shown.assignee,
            status=ConversationStatus.OPEN,
        )
        return cancelled

    def _seen(self, talk: Talk, client_id: str | None) -> Changed | None:
        before = [one.message for one in talk.said if client_id is not None and one.client_id == client_id]
        return Changed(talk.now_is(), tuple(before), duplicate=True) if before else None

    # what every verb that writes needs

    def _add(
        self,
        talk: Talk,
        drafts: Iterable[tuple[Direction, Draft]],
        found: Sequence[Message],
        client_id: str | None = None,
        **meta: Any,
    ) -> list[Said]:
        added = []
        for number, (direction, draft) in enumerate(drafts):
            twin = found[number] if number < len(found) else None
            template = _template_meta(draft)
            message = Message(
                id=twin.id if twin else "a message more",
                conversation_id=talk.id,
                seq=len(talk.said) + 1,
                direction=direction,
                author=draft.author,
                text=draft.text,
                created_at=twin.created_at if twin else AT_ONCE,
                attachments=draft.attachments,
                status=DeliveryStatus.PENDING if direction is Direction.OUT else None,
                meta={**draft.meta, **meta, **template},
            )
            said = Said(message, client_id, draft.template)
            talk.said.append(said)
            added.append(said)
        return added

    def _changed(self, talk: Talk, updated: Sequence[Said], new: Sequence[Said]) -> Changed:
        added = tuple(one.message for one in new)
        return Changed(talk.now_is(), added, self._tell(talk, updated, new))

    def _tell(
        self, talk: Talk, updated: Sequence[Said] = (), new: Sequence[Said] = (), whole: bool = True
    ) -> tuple[Event, ...]:
        first = len(self.log)
        self.log += [(EventName.MESSAGE_UPDATE, talk, said) for said in updated]
        self.log += [(EventName.NEW_MESSAGE, talk, said) for said in new]
        if whole:
            self.log.append((EventName.CONVERSATION_UPDATE, talk, None))
        return tuple(self.event(number) for number in range(first + 1, len(self.log) + 1))

    def event(self, number: int) -> Event:
        """Return an event of the log with its data as of now."""
        name, talk, said = self.log[number - 1]
        data = said.message.as_json() if said else talk.now_is().as_json()
        return Event(number, name, talk.shown.hotel, talk.shown.channel, talk.id, data)


def _after(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


def _drafts(end: TurnEnd) -> list[tuple[Direction, Draft]]:
    match end:
        case Reply():
            return [(Direction.OUT, draft) for draft in end.drafts]
        case HandOver():
            note = (Direction.NOTE, Draft(end.reason, Author(AuthorKind.SYSTEM)))
            return [note, *([(Direction.OUT, end.notice)] if end.notice else [])]
        case NoReply() | Propose():
            return []


def _template_meta(draft: Draft) -> dict[str, Any]:
    template = draft.template
    if template is None:
        return {}
    return {"template": {"content_sid": template.content_sid, "variables": dict(template.variables)}}
