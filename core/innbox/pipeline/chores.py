"""Chores: what must be done now and then by one process of the deployment, whichever it is."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from innbox.errors import Refused, StoreUnavailable
from innbox.messages import Inbound, MediaContent, now
from innbox.ports import FetchesMedia, FetchesMissed, MediaJob

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

ROUND_SECONDS = 2.0
BACKFILL_EVERY = timedelta(minutes=1)
# A provider's list may lag, and duplicates are harmless; but all of it is listed again every minute, so it is short.
BACKFILL_OVERLAP = timedelta(minutes=5)
MEDIA_EVERY = timedelta(seconds=2)
MEDIA_AT_ONCE = 8
MEDIA_TRIES = 5


class Chores:
    """Fetches back what the provider could not deliver, and downloads attachments."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._known: dict[str, frozenset[str]] = {}  # by channel: the ids that its last backfill brought

    async def run(self) -> None:
        """Do what is due, for ever. The store says whose turn it is, so two processes never do the same."""
        while True:
            try:
                await self._round()
            except StoreUnavailable:
                pass  # the heartbeat, which runs beside, has said so
            except Exception as error:
                log.exception("chore failed", error=type(error).__name__)
            await asyncio.sleep(ROUND_SECONDS)

    async def _round(self) -> None:
        store = self._app.store
        for channel in self._app.channels.values():
            if isinstance(channel, FetchesMissed) and await store.claim_chore(
                f"backfill:{channel.name}", BACKFILL_EVERY
            ):
                await self._backfill(channel.name, channel)
        if any(isinstance(channel, FetchesMedia) for channel in self._app.channels.values()) and (
            await store.claim_chore("media", MEDIA_EVERY)
        ):
            jobs = await store.media_due(MEDIA_AT_ONCE)
            await asyncio.gather(*(self._fetch(job) for job in jobs))

    async def _backfill(self, channel_name: str, channel: FetchesMissed) -> None:
        """Take in what the provider lists since the last time, through the same door as a webhook."""
        name = f"backfill:{channel_name}"
        started = now()
        since = await self._app.store.watermark(name) or started - BACKFILL_OVERLAP
        try:
            missed = await channel.fetch_missed(since - BACKFILL_OVERLAP)
        except Exception as error:
            log.warning("backfill failed", channel=channel_name, error=type(error).__name__)
            self._app.metrics.provider_error(channel_name, "backfill")
            return
        before, known = self._known.get(channel_name, frozenset()), set()
        found = 0
        for inbound in missed:
            new = False if inbound.provider_id in before else await self._take_in(inbound)
            found += bool(new)
            if new is not None:
                known.add(inbound.provider_id)
        self._known[channel_name] = frozenset(known)
        await self._app.store.set_watermark(name, started)
        if found:
            log.info("missed messages fetched back", channel=channel_name, count=found)

    async def _take_in(self, inbound: Inbound) -> bool | None:
        """Bring one message to the door, and say whether it is new; None where it could not be taken in: it is in no
        other's way, and tried again for as long as it is listed."""
        try:
            return not (await self._app.ingest(inbound)).duplicate
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("missed message not taken in", provider_id=inbound.provider_id, error=type(error).__name__)
            self._app.metrics.provider_error(inbound.address.channel, "backfill")
            return None

    async def _fetch(self, job: MediaJob) -> None:
        channel: object = self._app.channels.get(job.channel)
        content: MediaContent | None = None
        again_at: datetime | None = None
        if isinstance(channel, FetchesMedia):
            try:
                content = await channel.fetch_media(job.attachment)
            except Refused as error:
                log.warning("attachment refused", message=job.message_id, code=error.code)
            except Exception as error:
                log.warning("attachment not fetched", message=job.message_id, error=type(error).__name__)
                if job.tries + 1 < MEDIA_TRIES:
                    again_at = now() + timedelta(seconds=5 * 2**job.tries)
        url = f"/media/{job.message_id}/{job.position}" if content else None
        changed = await self._app.store.save_media(job, content, url=url, again_at=again_at)
        if changed is not None:
            self._app.publisher.publish(changed.events)
