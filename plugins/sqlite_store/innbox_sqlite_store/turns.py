"""Answering: who works on which turn, and how turns end."""

from datetime import datetime
from sqlite3 import Row

from innbox import (
    Author,
    AuthorKind,
    Committed,
    Direction,
    Draft,
    Due,
    HandledBy,
    HandOver,
    Message,
    NoReply,
    Propose,
    Reply,
    Turn,
    TurnEnd,
    new_id,
)
from innbox_sqlite_store import figures
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import add_messages, end_suggestion, shown, tell
from innbox_sqlite_store.rows import maybe_moment, message_of, microseconds, to_json


def heartbeat(tx: Transaction, worker: str) -> None:
    """See `Store.heartbeat`. After too long a silence the claims are lost, though nobody has taken them yet."""
    if tx.one("is_silent", worker=worker):
        retire(tx, worker)
    tx.run("heartbeat", worker=worker)


def retire(tx: Transaction, worker: str) -> None:
    """See `Store.retire`."""
    tx.run("give_back_turns", worker=worker)
    tx.run("give_back_deliveries", worker=worker)
    tx.run("forget_worker", worker=worker)


def due(tx: Transaction, limit: int) -> Due:
    """See `Store.due`."""
    return Due(
        answer=tuple(row["id"] for row in tx.all("due_answers", limit=limit)),
        deliver=tuple(row["id"] for row in tx.all("due_deliveries", limit=limit)),
    )


def claim_turn(tx: Transaction, worker: str, conversation_id: str, history: int) -> Turn | None:
    """See `Store.claim_turn`."""
    turn_id = new_id()
    claimed = tx.one("claim_turn", id=conversation_id, worker=worker, turn=turn_id)
    if claimed is None:
        return None
    conversation = shown(tx, conversation_id)
    said = tuple(message_of(row) for row in reversed(tx.all("said", id=conversation_id, limit=history)))
    return Turn(
        id=turn_id,
        conversation=conversation,
        fence=claimed["answer_fence"],
        epoch=conversation.epoch,
        last_seq=claimed["guest_seq"],
        history=said,
        unanswered=_unanswered(tx, conversation_id, said, claimed["answered_seq"]),
        rethinks=claimed["rethinks"],
        tries=claimed["tries"],
    )


def commit_turn(tx: Transaction, turn: Turn, end: TurnEnd) -> Committed:
    """See `Store.commit_turn`."""
    now = tx.one("conversation", id=turn.conversation.id)
    if now is None or now["answer_fence"] != turn.fence:
        return Committed("fenced")
    if now["epoch"] != turn.epoch or now["handled_by"] != HandledBy.BOT.value:
        tx.run("give_back_turn", id=now["id"], turn=turn.id)
        return Committed("hands", conversation=shown(tx, now["id"]))
    if now["answer_turn"] != turn.id:
        return Committed("fenced")
    newer = now["guest_seq"] > turn.last_seq
    if newer and isinstance(end, Reply | Propose) and not end.even_if_newer:
        tx.run("think_again", id=now["id"])
        return Committed("newer", conversation=shown(tx, now["id"]), answer_at=maybe_moment(now["answer_at"]))
    return _finish(tx, now, turn, end, newer)


def release_turn(tx: Transaction, turn: Turn, again_at: datetime | None) -> None:
    """See `Store.release_turn`."""
    at = tx.now if again_at is None else microseconds(again_at)
    tx.run("release_turn", id=turn.conversation.id, fence=turn.fence, turn=turn.id, again_at=at)


def _unanswered(
    tx: Transaction, conversation_id: str, said: tuple[Message, ...], answered_seq: int
) -> tuple[Message, ...]:
    if said and said[0].seq <= answered_seq + 1:  # the history reaches back far enough
        return tuple(message for message in said if message.direction is Direction.IN and message.seq > answered_seq)
    return tuple(message_of(row) for row in tx.all("guest_said_after", id=conversation_id, seq=answered_seq))


def _finish(tx: Transaction, now: Row, turn: Turn, end: TurnEnd, newer: bool) -> Committed:
    handed, answered = isinstance(end, HandOver), isinstance(end, Reply | NoReply)
    answer_at = now["answer_at"] if newer and not handed else None
    waited_since = now["waiting_since"] if isinstance(end, Reply) else None
    added = add_messages(tx, now, _drafts(end), turn_id=turn.id, waited_since=waited_since)
    end_suggestion(tx, now, "replaced" if isinstance(end, Propose) else "ended")
    ended = tx.one(
        "end_turn",
        id=now["id"],
        answered_seq=turn.last_seq if answered else now["answered_seq"],
        waiting_since=_still_waiting(tx, turn, newer) if answered else now["waiting_since"],
        answer_at=answer_at,
        handled_by=HandledBy.STAFF.value if handed else HandledBy.BOT.value,
        epoch=now["epoch"] + handed,
    )
    _keep_record(tx, turn, end)
    if isinstance(end, Propose):
        _keep_draft(tx, turn, end)
    cost = end.record.usage.cost_usd or 0.0
    figures.count(tx, now["hotel"], turns=1, hand_overs=int(handed), cost_usd=cost)
    conversation = shown(tx, now["id"])
    return Committed(
        "done",
        conversation=conversation,
        messages=added,
        events=tell(tx, conversation, new=added),
        answer_at=maybe_moment(answer_at),
        deliver=ended is not None and ended["deliver_at"] is not None and ended["deliver_at"] <= tx.now,
    )


def _drafts(end: TurnEnd) -> list[tuple[Direction, Draft]]:
    match end:
        case Reply():
            return [(Direction.OUT, draft) for draft in end.drafts]
        case HandOver():
            note = Draft(end.reason, Author(AuthorKind.SYSTEM))
            return [(Direction.NOTE, note), *([(Direction.OUT, end.notice)] if end.notice else [])]
        case NoReply() | Propose():
            return []


def _still_waiting(tx: Transaction, turn: Turn, newer: bool) -> int | None:
    row = tx.one("first_waiting_after", id=turn.conversation.id, seq=turn.last_seq) if newer else None
    return row["created_at"] if row else None


def _keep_record(tx: Transaction, turn: Turn, end: TurnEnd) -> None:
    tx.run(
        "add_turn",
        id=turn.id,
        conversation_id=turn.conversation.id,
        ending={Reply: "reply", HandOver: "hand_over", NoReply: "no_reply", Propose: "propose"}[type(end)],
        epoch=turn.epoch,
        last_seq=turn.last_seq,
        record=to_json(end.record.as_json()),
    )
    for effect in () if isinstance(end, NoReply) else end.effects:
        tx.run(
            "add_effect",
            id=new_id(),
            turn_id=turn.id,
            conversation_id=turn.conversation.id,
            tool=effect.tool,
            what=effect.what,
            data=to_json(dict(effect.data)),
            needs_approval=effect.needs_approval,
        )


def _keep_draft(tx: Transaction, turn: Turn, end: Propose) -> None:
    suggestion_id = new_id()
    tx.run(
        "add_suggestion",
        id=suggestion_id,
        conversation_id=turn.conversation.id,
        turn_id=turn.id,
        seq=turn.last_seq,
        text=end.text,
        sources=to_json(list(end.record.sources)),
    )
    tx.run("set_suggestion", id=turn.conversation.id, suggestion_id=suggestion_id)
