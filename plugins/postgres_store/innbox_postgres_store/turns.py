"""Answering: heartbeats, what is due, and the claims and ends of turns."""

import json
from datetime import datetime
from typing import Any

from innbox import (
    Author,
    AuthorKind,
    Committed,
    Direction,
    Draft,
    Due,
    Effect,
    HandOver,
    NoReply,
    Propose,
    Reply,
    Turn,
    TurnEnd,
    new_id,
)
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Turns(Verbs):
    """The verbs of `Store` for workers that answer."""

    async def heartbeat(self, worker: str) -> None:
        conversations, tokens = self._lost.listed()
        await self._database.rows("heartbeat", worker, conversations, tokens)
        self._lost.told()

    async def retire(self, worker: str) -> None:
        await self._database.rows("retire", worker)

    async def due(self, limit: int) -> Due:
        ((answer, deliver),) = await self._database.rows("due", max(limit, 0))
        return Due(tuple(answer), tuple(deliver))

    async def claim_turn(self, worker: str, conversation_id: str, history: int) -> Turn | None:
        turn_id = new_id()
        facts = await self._claim("claim_turn", worker, conversation_id, turn_id, history)
        return _turn(turn_id, facts, history) if facts else None

    async def commit_turn(self, turn: Turn, end: TurnEnd, deliver_as: str | None = None) -> Committed:
        token = new_id()
        try:
            answer = await self._commit(turn, end, deliver_as, token)
        except BaseException:
            if deliver_as is not None:
                self._lost.add(turn.conversation.id, token)
            raise
        facts, delivery = answer["committed"], answer["delivery"]
        if "changed" not in facts:
            return Committed(facts["verdict"])
        changed = rows.changed(facts["changed"])
        return Committed(
            facts["verdict"],
            changed.conversation,
            changed.messages,
            changed.events,
            answer_at=rows.moment(facts.get("answer_at")),
            deliver=bool(facts.get("deliver")),
            delivery=rows.delivery(delivery) if delivery else None,
        )

    async def _commit(self, turn: Turn, end: TurnEnd, deliver_as: str | None, token: str) -> rows.Facts:
        answer: rows.Facts = await self._batches.value(
            "commit_turn",
            turn.conversation.id,
            turn.id,
            turn.fence,
            turn.epoch,
            turn.last_seq,
            _ending(end),
            isinstance(end, Reply | Propose) and end.even_if_newer,
            json.dumps(_drafts(turn, end)),
            json.dumps([_effect(effect) for effect in (() if isinstance(end, NoReply) else end.effects)]),
            json.dumps(end.record.as_json()),
            deliver_as,
            token,
        )
        return answer

    async def release_turn(self, turn: Turn, again_at: datetime | None) -> None:
        await self._database.rows("release_turn", turn.conversation.id, turn.id, turn.fence, turn.epoch, again_at)


def _turn(turn_id: str, facts: rows.Facts, history: int) -> Turn:
    """The database sends each message once: the newest `history`, and before them what is unanswered."""
    messages = rows.messages(facts["messages"])
    return Turn(
        id=turn_id,
        conversation=rows.conversation(facts["conversation"]),
        fence=facts["fence"],
        epoch=facts["epoch"],
        last_seq=facts["last_seq"],
        history=messages[-history:] if history else (),
        unanswered=tuple(one for one in messages if one.direction is Direction.IN and one.seq > facts["answered_seq"]),
        rethinks=facts["rethinks"],
        tries=facts["tries"],
    )


def _ending(end: TurnEnd) -> str:
    return {Reply: "reply", HandOver: "hand_over", NoReply: "no_reply", Propose: "propose"}[type(end)]


def _drafts(turn: Turn, end: TurnEnd) -> list[dict[str, Any]]:
    if isinstance(end, Reply):
        return rows.drafts_json(end.drafts, Direction.OUT, turn_id=turn.id)
    if isinstance(end, HandOver):
        note = Draft(end.reason, Author(AuthorKind.SYSTEM))
        notice = [end.notice] if end.notice else []
        return [
            *rows.drafts_json([note], Direction.NOTE, turn_id=turn.id),
            *rows.drafts_json(notice, Direction.OUT, turn_id=turn.id),
        ]
    if isinstance(end, Propose):
        return [{"id": new_id(), "text": end.text}]
    return []


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tool": effect.tool,
        "what": effect.what,
        "data": dict(effect.data),
        "needs_approval": effect.needs_approval,
    }
