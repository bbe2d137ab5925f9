"""Delivering: the claims and ends of attempts to send."""

from innbox import (
    Changed,
    Conflict,
    Delivery,
    DeliveryEnd,
    Finish,
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
        return rows.delivery(facts) if facts else None

    async def settle_delivery(self, delivery: Delivery, end: DeliveryEnd) -> Settled:
        error = end.error
        facts = await self._batches.value(
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
