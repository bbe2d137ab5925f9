"""Files, chores, watermarks, counters and the pulse."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from innbox import Changed, Conflict, MediaContent, MediaJob, Pulse
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class House(Verbs):
    """The verbs of `Store` for everything that runs beside the conversations."""

    async def media_due(self, limit: int) -> Sequence[MediaJob]:
        return [
            MediaJob(message_id, position, channel, rows.attachment(facts), tries)
            for message_id, position, channel, facts, tries in await self._database.rows("media_due", limit)
        ]

    async def save_media(
        self, job: MediaJob, content: MediaContent | None, *, url: str | None, again_at: datetime | None
    ) -> Changed | None:
        known = rows.as_id(job.message_id)
        if known is None:
            return None
        data, kind, name = (content.data, content.content_type, content.name) if content else (None, None, None)
        facts = await self._database.value("save_media", known, job.position, data, kind, name, url, again_at)
        return rows.changed(facts) if facts else None

    async def retry_media(self, message_id: str, position: int) -> Changed:
        facts = await self._message_facts("retry_media", message_id, position)
        if "not" in facts:
            raise Conflict("This file has not failed to come.")
        return rows.changed(facts)

    async def media(self, message_id: str, position: int) -> MediaContent | None:
        known = rows.as_id(message_id)
        found = await self._database.rows("media", known, position) if known else []
        return MediaContent(*found[0]) if found else None

    async def claim_chore(self, name: str, every: timedelta) -> bool:
        return bool(await self._database.value("claim_chore", name, every.total_seconds()))

    async def watermark(self, name: str) -> datetime | None:
        at: datetime | None = await self._database.value("watermark", name)
        return at

    async def set_watermark(self, name: str, at: datetime) -> None:
        await self._database.rows("set_watermark", name, at)

    async def add_counts(self, counts: Mapping[str, float]) -> None:
        if counts:
            await self._database.rows("add_counts", list(counts), [float(count) for count in counts.values()])

    async def counts(self) -> Mapping[str, float]:
        return dict(await self._database.rows("counts"))

    async def pulse(self) -> Pulse:
        ((oldest, deliveries, workers, oldest_due, turns),) = await self._database.rows("pulse")
        return Pulse(oldest, deliveries or {}, workers, oldest_due, turns)
