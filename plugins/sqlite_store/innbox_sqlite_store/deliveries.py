"""Delivering: which message leaves next, what came of it, and what providers report."""

from dataclasses import dataclass, replace
from sqlite3 import Row

from innbox import (
    DELIVERY_RANK,
    Address,
    AuthorKind,
    Changed,
    Conflict,
    Delivery,
    DeliveryEnd,
    DeliveryStatus,
    Event,
    Failure,
    Finish,
    NotFound,
    Outgoing,
    Settled,
    StatusReport,
    WaitAndAsk,
    WaitAndSend,
)
from innbox_sqlite_store import figures
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import shown, tell
from innbox_sqlite_store.rows import attachments_of, maybe_moment, message_of, microseconds, moment, template_of

LEAVING = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN})


def claim_delivery(tx: Transaction, worker: str, conversation_id: str) -> Delivery | None:
    """See `Store.claim_delivery`."""
    claimed = tx.one("claim_delivery", id=conversation_id, worker=worker)
    first = tx.one("first_leaving", id=conversation_id) if claimed else None
    if claimed is None or first is None:
        return None
    doubtful = first["status"] != DeliveryStatus.PENDING.value
    row = first if doubtful else tx.one("mark_sending", id=first["id"])
    assert row is not None
    message = message_of(row)
    outgoing = Outgoing(
        message_id=message.id,
        conversation_id=conversation_id,
        hotel=claimed["hotel"],
        address=Address(claimed["channel"], claimed["handle"]),
        text=message.text,
        attempt=row["attempt"],
        sending_since=moment(row["sending_since"]),
        author=message.author.kind,
        seq=message.seq,
        created_at=message.created_at,
        attachments=attachments_of(row["attachments"]),
        template=template_of(row["template"]),
        window_closes_at=maybe_moment(claimed["window_closes_at"]),
        proactive=bool(row["template"] or message.meta.get("proactive")),
        opted_out=bool(claimed["opted_out"]),
    )
    return Delivery(
        outgoing=outgoing,
        fence=claimed["deliver_fence"],
        doubtful=doubtful,
        absences=row["absences"],
        author=AuthorKind(row["author_kind"]),
        trace=str(message.meta.get("trace") or message.id),
    )


def settle_delivery(tx: Transaction, delivery: Delivery, end: DeliveryEnd) -> Settled:
    """See `Store.settle_delivery`."""
    conversation_id = delivery.outgoing.conversation_id
    claim = tx.one("conversation", id=conversation_id)
    message = tx.one("message", id=delivery.outgoing.message_id)
    if claim is None or message is None:
        return Settled(fenced=True)
    if claim["deliver_fence"] != delivery.fence or claim["deliver_worker"] is None:
        return Settled(fenced=True)
    changed = _change(tx, message, _after_attempt(message, end), delivery.outgoing.address.channel)
    tx.run("give_back_delivery", id=conversation_id)
    at = tx.one("set_deliver_at", id=conversation_id)
    events: tuple[Event, ...] = ()
    if changed is not None:
        _count_failure(tx, claim["hotel"], message, changed)
        events = tell(tx, shown(tx, conversation_id), updated=(message_of(changed),), conversation_too=False)
    return Settled(fenced=False, events=events, deliver_at=maybe_moment(at["deliver_at"]) if at else None)


def report_status(tx: Transaction, report: StatusReport) -> Changed | None:
    """See `Store.report_status`."""
    message = _reported(tx, report)
    if message is None:
        return None
    changed = _change(tx, message, _after_report(tx, message, report), report.channel)
    if changed is None:
        return Changed(shown(tx, message["conversation_id"]), deliver=False)
    told = _told(tx, changed)
    _count_failure(tx, told.conversation.hotel, message, changed)
    return replace(told, deliver=message["status"] in (*LEAVING, DeliveryStatus.PARKED) and _waits(tx, message))


def retry(tx: Transaction, message_id: str) -> Changed:
    """See `KeepsDesk.retry`."""
    if _named(tx, message_id)["status"] != DeliveryStatus.FAILED.value:
        raise Conflict("This message has not failed.")
    return _send_anew(tx, message_id)


def decide(tx: Transaction, message_id: str, arrived: bool) -> Changed:
    """See `KeepsDesk.decide`."""
    if _named(tx, message_id)["status"] != DeliveryStatus.PARKED.value:
        raise Conflict("Nothing is to be decided about this message.")
    if not arrived:
        return _send_anew(tx, message_id)
    row = tx.one("mark_sent", id=message_id)
    assert row is not None
    return _told(tx, row)


def _named(tx: Transaction, message_id: str) -> Row:
    message = tx.one("message", id=message_id)
    if message is None:
        raise NotFound("There is no such message.")
    return message


def _send_anew(tx: Transaction, message_id: str) -> Changed:
    """Make a message pending again, for an attempt that a person has decided on. The bot's too, though staff have the
    conversation: it is their word now."""
    tx.run("retire_provider_id", id=message_id)
    row = tx.one("send_anew", id=message_id)
    assert row is not None
    return _told(tx, row)


def _told(tx: Transaction, message: Row) -> Changed:
    """Return the conversation of a message whose delivery has changed, with the event that says so."""
    tx.run("set_deliver_at", id=message["conversation_id"])
    conversation = shown(tx, message["conversation_id"])
    return Changed(conversation, events=tell(tx, conversation, updated=(message_of(message),), conversation_too=False))


def _waits(tx: Transaction, message: Row) -> bool:
    """Say whether something is to be delivered where a message is."""
    conversation = tx.one("conversation", id=message["conversation_id"])
    return conversation is not None and conversation["deliver_at"] is not None


def _count_failure(tx: Transaction, hotel: str, before: Row, after: Row) -> None:
    if before["status"] != after["status"] == DeliveryStatus.FAILED.value:
        figures.count(tx, hotel, failed=1)


@dataclass(frozen=True, slots=True)
class _State:
    """How far a delivery is."""

    status: DeliveryStatus
    error: Failure | None
    provider_id: str | None
    due_at: int
    absences: int


def _state(message: Row) -> _State:
    return _State(
        status=DeliveryStatus(message["status"]),
        error=Failure(message["error_code"], message["error_text"]) if message["error_code"] else None,
        provider_id=message["provider_id"],
        due_at=message["due_at"],
        absences=message["absences"],
    )


def _change(tx: Transaction, message: Row, after: _State, channel: str) -> Row | None:
    """Write a delivery's new state; return the message's row where something changed that is shown. A provider's id
    stays with the message of the channel that had it first."""
    before = _state(message)
    new_id = after.provider_id if before.provider_id is None else None
    holder = tx.one("out_message_of_provider", provider_id=new_id, channel=channel) if new_id else None
    if holder and holder["id"] != message["id"]:
        after = replace(after, provider_id=None)
    elif holder:
        tx.run("unretire_provider_id", id=message["id"], provider_id=new_id)
    if after == before:
        return None
    row = tx.one(
        "set_delivery",
        id=message["id"],
        status=after.status.value,
        error_code=after.error.code if after.error else None,
        error_text=after.error.text if after.error else None,
        provider_id=after.provider_id,
        due_at=after.due_at,
        absences=after.absences,
    )
    return row if (after.status, after.error) != (before.status, before.error) else None


def _after_attempt(message: Row, end: DeliveryEnd) -> _State:
    """Return the state after an attempt of ours. A report may have come first: then only a higher state counts."""
    before = _state(message)
    leaving = before.status in LEAVING
    match end:
        case WaitAndSend() if leaving and message["recalled"]:
            return _State(DeliveryStatus.CANCELLED, before.error, before.provider_id, before.due_at, before.absences)
        case WaitAndSend() if leaving:
            return _State(DeliveryStatus.PENDING, end.error, before.provider_id, microseconds(end.at), 0)
        case WaitAndAsk() if leaving:
            error, absences = end.error or before.error, before.absences + end.absent
            return _State(DeliveryStatus.UNKNOWN, error, before.provider_id, microseconds(end.at), absences)
        case Finish():
            return _after_finish(before, end)
        case _:
            return before


def _after_finish(before: _State, end: Finish) -> _State:
    status = DeliveryStatus(end.status)
    if status in LEAVING:
        raise ValueError(f"a delivery does not rest in {status.value}")
    provider_id = before.provider_id or end.provider_id
    if before.status in LEAVING or DELIVERY_RANK[status] > DELIVERY_RANK[before.status]:
        return _State(status, end.error, provider_id, before.due_at, before.absences)
    return _State(before.status, before.error, provider_id, before.due_at, before.absences)


def _reported(tx: Transaction, report: StatusReport) -> Row | None:
    message = None
    if report.message_id:
        message = tx.one("out_message", id=report.message_id, channel=report.channel)
    if message is None and report.provider_id:
        message = tx.one("out_message_of_provider", provider_id=report.provider_id, channel=report.channel)
    return message


def _after_report(tx: Transaction, message: Row, report: StatusReport) -> _State:
    """Return the state after a provider's word. That it is still at it (`sending`) settles nothing. Nor does a word on
    an attempt in whose place staff had another one made, unless it says that the guest has the message."""
    before = _state(message)
    provider_id = before.provider_id or report.provider_id
    retired = tx.one("is_retired", id=message["id"], provider_id=report.provider_id) is not None
    least = DELIVERY_RANK[DeliveryStatus.DELIVERED if retired else DeliveryStatus.SENT]
    rank = DELIVERY_RANK[report.status]
    if rank >= least and rank > DELIVERY_RANK[before.status]:
        error = report.failure if report.status is DeliveryStatus.FAILED else None
        return _State(report.status, error, provider_id, before.due_at, before.absences)
    if retired:
        return before
    return _State(before.status, before.error, provider_id, before.due_at, before.absences)
