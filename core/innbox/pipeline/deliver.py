"""Deliver: bring `out` messages to the guest in order, once, and say honestly what became of each."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import structlog

from innbox.messages import (
    Absent,
    Delivery,
    Failure,
    Outgoing,
    Rejected,
    SendOutcome,
    Sent,
    TryLater,
    Uncertain,
    now,
)
from innbox.pipeline import points
from innbox.pipeline.leaving import NO_CHANNEL, OPTED_OUT, WINDOW_CLOSED, window_closed
from innbox.pipeline.persistence import until_stored
from innbox.pipeline.wakes import Step
from innbox.ports import (
    FIND_GRACE,
    HEARTBEAT_LIFE,
    Channel,
    DeliveryEnd,
    FindsSent,
    Finish,
    Settled,
    WaitAndAsk,
    WaitAndSend,
)

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

MAX_WAIT_SECONDS = 60.0
CLAIM_SECONDS = HEARTBEAT_LIFE.total_seconds() / 2  # an older claim may be somebody else's by now
MAX_ATTEMPTS = 240  # at a minute each, four hours of a provider that says "later"
ASK_AGAIN = timedelta(seconds=5)
MAX_ASKS_UNANSWERED = timedelta(minutes=5)


class Claim(NamedTuple):
    """A delivery that is this worker's, and when it was asked for, by the clock that only runs forward."""

    delivery: Delivery
    asked_at: float


class Delivering:
    """Makes the deliveries of one process, whose name as a worker is `worker`."""

    def __init__(self, app: "App", worker: str) -> None:
        self._app = app
        self._worker = worker

    async def run(self, conversation_id: str, claim: Claim | None = None) -> None:
        """Deliver what is due in a conversation, one message after the other; the first may be claimed already."""
        app = self._app
        while True:
            claim = claim or await self._claim(conversation_id)
            if claim is None:
                return
            points.reached("delivery.claimed")
            delivery, claimed_at = claim
            claim = None
            end = await self._attempt(delivery, claimed_at)
            points.reached("delivery.before_settle")
            settled = await self._settle(delivery, end)
            points.reached("delivery.settled")
            app.publisher.publish(settled.events)
            state = _state(end)
            app.metrics.delivery(state)
            log.info("delivery", trace=delivery.trace, message=delivery.outgoing.message_id, state=state)
            if settled.fenced or settled.deliver_at is None:
                return
            if settled.deliver_at > now():
                app.wakes.wake(Step.DELIVER, conversation_id, settled.deliver_at)
                return

    async def _claim(self, conversation_id: str) -> Claim | None:
        asked_at = monotonic()
        delivery = await self._app.store.claim_delivery(self._worker, conversation_id)
        return Claim(delivery, asked_at) if delivery else None

    async def _settle(self, delivery: Delivery, end: DeliveryEnd) -> Settled:
        return await until_stored(lambda: self._app.store.settle_delivery(delivery, end))

    async def _attempt(self, delivery: Delivery, claimed_at: float) -> DeliveryEnd:
        outgoing = delivery.outgoing
        channel = self._app.channels.get(outgoing.address.channel)
        if channel is None:
            return Finish("failed", error=NO_CHANNEL)
        if delivery.doubtful:
            return await self._settle_doubt(channel, delivery)
        if window_closed(outgoing.window_closes_at, now()) and outgoing.template is None:
            return Finish("failed", error=WINDOW_CLOSED)
        if outgoing.proactive and outgoing.opted_out:
            return Finish("failed", error=OPTED_OUT)
        points.reached("delivery.before_send")
        if monotonic() - claimed_at > CLAIM_SECONDS:
            # This process stood still (frozen, swapped out): others may have taken the message on, and asked for it in
            # vain before it was sent. Where the claim is still ours, it is made anew.
            log.warning("claim too old to send on", trace=delivery.trace, message=outgoing.message_id)
            return WaitAndSend(now())
        outcome = await self._send(channel, self._with_links(outgoing))
        points.reached("delivery.sent")
        return self._after_sending(channel, outgoing, outcome)

    def _with_links(self, outgoing: Outgoing) -> Outgoing:
        """Give the files of the house addresses at which a provider, who has no session, may fetch them."""
        if not any(attachment.url for attachment in outgoing.attachments):
            return outgoing
        origin = self._app.config.public_url
        attachments = tuple(
            replace(attachment, url=origin + self._app.file_link(outgoing.message_id, position))
            if attachment.url and attachment.url.startswith("/media/")
            else attachment
            for position, attachment in enumerate(outgoing.attachments)
        )
        return replace(outgoing, attachments=attachments)

    async def _send(self, channel: Channel, outgoing: Outgoing) -> SendOutcome:
        try:
            return await channel.send(outgoing)
        except Exception as error:
            log.warning("send raised", message=outgoing.message_id, error=type(error).__name__)
            self._app.metrics.provider_error(channel.name, type(error).__name__)
            return Uncertain(Failure("unexpected", "The provider may or may not have taken the message."))

    def _after_sending(self, channel: Channel, outgoing: Outgoing, outcome: SendOutcome) -> DeliveryEnd:
        if isinstance(outcome, Sent):
            return Finish(outcome.status.value, outcome.provider_id)
        self._app.metrics.provider_error(channel.name, outcome.failure.code)
        if isinstance(outcome, Rejected):
            return Finish("failed", error=outcome.failure)
        if isinstance(outcome, TryLater):
            return _later(outgoing.attempt, outcome.failure, outcome.after_seconds)
        return _doubt(channel, outgoing, outcome.failure)

    async def _settle_doubt(self, channel: Channel, delivery: Delivery) -> DeliveryEnd:
        """An earlier attempt may have reached the provider: ask, and send again only what it surely does not have."""
        outgoing = delivery.outgoing
        if channel.traits.repeatable:
            return WaitAndSend(now())
        if not isinstance(channel, FindsSent):
            return _parked()
        if now() < outgoing.sending_since + FIND_GRACE:
            return WaitAndAsk(outgoing.sending_since + FIND_GRACE)
        try:
            outcome = await channel.find_sent(outgoing)
        except Exception as error:
            return self._unasked(channel, outgoing, Failure("unexpected", type(error).__name__))
        if isinstance(outcome, Sent):
            return Finish(outcome.status.value, outcome.provider_id)
        if isinstance(outcome, Rejected):
            return Finish("failed", error=outcome.failure)
        if isinstance(outcome, Absent):
            return WaitAndSend(now()) if delivery.absences else WaitAndAsk(now() + ASK_AGAIN, absent=True)
        return _parked(outcome.failure)

    def _unasked(self, channel: Channel, outgoing: Outgoing, failure: Failure) -> DeliveryEnd:
        """The provider could not even be asked: ask again later, but not for ever."""
        self._app.metrics.provider_error(channel.name, "find_sent")
        log.warning("provider not asked", message=outgoing.message_id, error=failure.text)
        if now() > outgoing.sending_since + MAX_ASKS_UNANSWERED:
            return _parked()
        return WaitAndAsk(now() + ASK_AGAIN)


def _doubt(channel: Channel, outgoing: Outgoing, failure: Failure) -> DeliveryEnd:
    if channel.traits.repeatable:
        return _later(outgoing.attempt, failure, None)
    if isinstance(channel, FindsSent):
        return WaitAndAsk(outgoing.sending_since + FIND_GRACE, failure)
    return _parked(failure)


def _later(attempt: int, failure: Failure, after_seconds: float | None) -> DeliveryEnd:
    if attempt >= MAX_ATTEMPTS:
        return Finish("failed", error=failure)
    wait = min(2.0 ** min(attempt - 1, 10), MAX_WAIT_SECONDS) * random.uniform(0.8, 1.2)
    return WaitAndSend(_in(max(wait, after_seconds or 0.0)), failure)


def _in(seconds: float) -> datetime:
    return now() + timedelta(seconds=seconds)


def _parked(failure: Failure | None = None) -> Finish:
    undecided = Failure("undecided", "Nobody can tell whether the guest got this message. Please decide.")
    return Finish("parked", error=failure or undecided)


def _state(end: DeliveryEnd) -> str:
    if isinstance(end, Finish):
        return end.status
    return "pending" if isinstance(end, WaitAndSend) else "unknown"
