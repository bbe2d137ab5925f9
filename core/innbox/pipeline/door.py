"""The door: what channels bring in is cleaned, stored in one transaction, counted, told and woken for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from innbox.errors import Refused
from innbox.messages import Address, Attachment, BotMode, Conversation, Inbound, StatusReport
from innbox.phrases import Found, Words, language_of, opts_out, words_of
from innbox.pipeline import points
from innbox.pipeline.wakes import Step
from innbox.ports import Ingested, IngestRules
from innbox.text import clean_json, clean_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

MAX_ATTACHMENTS = 10
MAX_NAME = 200


class Door:
    """The way in, for every channel alike."""

    def __init__(self, app: "App") -> None:
        self._app = app

    async def ingest(self, inbound: Inbound) -> Ingested:
        """Store a guest's message; a second copy changes nothing. Raises `StoreUnavailable`, `Refused`."""
        app = self._app
        if inbound.hotel not in app.hotels:
            raise Refused(f"There is no hotel {inbound.hotel}.")
        inbound = _cleaned(inbound)
        words = words_of(inbound.text)
        if (language := language_of(words)) is not None:
            meta = {**inbound.meta, "language": language}
            inbound = replace(inbound, language=inbound.language or language, meta=meta)
        rules = await self._rules_for(inbound, words)
        points.reached("ingest.before_store")
        done = await app.store.ingest(inbound, rules)
        points.reached("ingest.stored")
        if done.duplicate:
            what = "old message of an erased guest kept out" if done.erased else "duplicate"
            log.info(what, message=done.message.id, channel=inbound.address.channel)
            return done
        app.metrics.message("in", inbound.address.channel)
        app.publisher.publish(done.events)
        if done.answer_at is not None:
            app.wakes.wake(Step.ANSWER, done.conversation.id, done.answer_at)
        app.guest_texts.offer(done.message, done.conversation)
        if rules.urgent:
            log.warning("urgent", trace=done.message.id, conversation=done.conversation.id)
        log.info(
            "guest message stored",
            trace=done.message.id,
            conversation=done.conversation.id,
            seq=done.message.seq,
            channel=inbound.address.channel,
        )
        points.reached("ingest.before_ok")
        return done

    async def rules(self, hotel: str, channel: str) -> IngestRules:
        """Return how a guest's message to this hotel on this channel is taken in."""
        app = self._app
        turns = app.config.turns
        return IngestRules(
            wait_seconds=turns.wait_seconds,
            wait_at_most_seconds=turns.wait_at_most_seconds,
            bot_on=(await app.runtime.of(hotel)).mode is not BotMode.OFF,
            reply_window=app.channels[channel].traits.reply_window,
            erasure_key=app.erasure_key,
        )

    async def _rules_for(self, inbound: Inbound, words: Words) -> IngestRules:
        """Return the rules for a message, with what it says itself: words of danger, or a wish to hear no more."""
        rules = await self.rules(inbound.hotel, inbound.address.channel)
        found = self._app.alarm.in_words(inbound.hotel, words)
        if found:
            return await self._urgent(rules, inbound, found)
        wish = None if inbound.attachments else opts_out(words)
        return rules if wish is None else replace(rules, opts_out=wish)

    async def _urgent(self, rules: IngestRules, inbound: Inbound, found: Found) -> IngestRules:
        first, *others = (*await self._app.alarm.on_call(inbound.hotel), None)
        runtime = await self._app.runtime.of(inbound.hotel)
        return replace(
            rules,
            urgent=found.words,
            ring_for=first,
            ring_seconds=runtime.ring_seconds if others else None,
            notice=self._app.alarm.notice(inbound.hotel, found, inbound.language),
        )

    async def rules_of(self, conversation: Conversation) -> IngestRules:
        """Return the rules for a conversation, which may have a way of its own with the bot."""
        rules = await self.rules(conversation.hotel, conversation.channel)
        own = conversation.bot_mode
        return rules if own is None else replace(rules, bot_on=own is not BotMode.OFF)

    async def keep_aside(self, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
        """Keep a webhook that belongs to nobody."""
        await self._app.store.keep_aside(channel, clean_text(provider_id), clean_json(dict(raw)), reason)
        self._app.metrics.unroutable(channel)
        log.warning("message for nobody kept aside", channel=channel, reason=reason)

    async def report_status(self, report: StatusReport) -> None:
        """Raise a delivery's status."""
        changed = await self._app.store.report_status(report)
        if changed is None:
            log.info("status of an unknown message", channel=report.channel, status=report.status.value)
            return
        if changed.events:
            self._app.metrics.delivery(report.status.value)
            self._app.publisher.publish(changed.events)
            if changed.deliver:  # it has settled what others waited for
                self._app.wakes.wake(Step.DELIVER, changed.conversation.id)
            log.info("delivery reported", message=report.message_id, status=report.status.value)


def _cleaned(inbound: Inbound) -> Inbound:
    """Return the message with every text fit for a database; the raw webhook keeps what can be kept."""
    name = clean_text(inbound.guest_name).strip()[:MAX_NAME] if inbound.guest_name else None
    return replace(
        inbound,
        address=_cleaned_address(inbound.address),
        aliases=tuple(_cleaned_address(alias) for alias in inbound.aliases),
        provider_id=clean_text(inbound.provider_id),
        text=clean_text(inbound.text),
        guest_name=name or None,
        attachments=tuple(
            Attachment(**clean_json(attachment.as_row())) for attachment in inbound.attachments[:MAX_ATTACHMENTS]
        ),
        raw=clean_json(dict(inbound.raw)),
        meta=clean_json(dict(inbound.meta)),
    )


def _cleaned_address(address: Address) -> Address:
    return Address(address.channel, clean_text(address.handle))
