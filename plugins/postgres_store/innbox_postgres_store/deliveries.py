"""Delivering: the claims and ends of attempts to send."""

from datetime import datetime

from innbox import (
    Address,
    Changed,
    Conflict,
    Delivery,
    DeliveryEnd,
    Finish,
    Outgoing,
    Settled,
    WaitAndAsk,
    WaitAndSend,
    new_id,
)
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Deliveries(Verbs):
    """The verbs of `Store` for workers that deliver, and of `KeepsDesk` for staff who decide."""

    async def claim_delivery(self, worker: str, conversation_id: str) -> Delivery | None:
        facts = await self._claim("claim_delivery", worker, conversation_id, new_id())
        return _delivery(facts) if facts else None

    async def settle_delivery(self, delivery: Delivery, end: DeliveryEnd) -> Settled:
        error = end.error
        facts = await self._database.value(
            "settle_delivery",
            delivery.outgoing.conversation_id,
            delivery.outgoing.message_id,
            delivery.fence,
            _status(end),
            None if isinstance(end, Finish) else end.at,
            isinstance(end, WaitAndAsk) and end.absent,
            end.provider_id if isinstance(end, Finish) else None,
            error.code if error else None,
            error.text if error else None,
        )
        if facts["fenced"]:
            return Settled(fenced=True)
        return Settled(False, rows.changed(facts["changed"]).events, rows.moment(facts["deliver_at"]))

    async def retry(self, message_id: str) -> Changed:
        facts = await self._message_facts("retry", message_id)
        if "not" in facts:
            raise Conflict("This message has not failed.")
        return rows.changed(facts)

    async def decide(self, message_id: str, arrived: bool) -> Changed:
        facts = await self._message_facts("decide", message_id, arrived)
        if "not" in facts:
            raise Conflict("Nothing is to be decided about this message.")
        return rows.changed(facts)


def _status(end: DeliveryEnd) -> str:
    if isinstance(end, WaitAndSend):
        return "pending"
    if isinstance(end, WaitAndAsk):
        return "unknown"
    if end.status in ("pending", "sending", "unknown"):
        raise ValueError(f"a delivery does not rest as {end.status}: use WaitAndSend or WaitAndAsk")
    return end.status


def _delivery(facts: rows.Facts) -> Delivery:
    message = rows.message(facts["message"])
    template = rows.template(message.meta.get("template"))
    return Delivery(
        outgoing=Outgoing(
            message_id=message.id,
            conversation_id=message.conversation_id,
            hotel=facts["hotel"],
            address=Address(facts["channel"], facts["handle"]),
            text=message.text,
            attempt=facts["attempt"],
            sending_since=datetime.fromisoformat(facts["sending_since"]),
            attachments=message.attachments,
            template=template,
            window_closes_at=rows.moment(facts["window_closes_at"]),
            author=message.author.kind,
            seq=message.seq,
            created_at=message.created_at,
            proactive=bool(template or message.meta.get("proactive")),
            opted_out=facts["opted_out"],
        ),
        fence=facts["fence"],
        doubtful=facts["doubtful"],
        absences=facts["absences"],
        author=message.author.kind,
        trace=message.meta.get("trace") or message.id,
    )
