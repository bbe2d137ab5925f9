"""Files and counters beyond the contract."""

import asyncio
from collections.abc import Callable

from innbox import Attachment, Inbound, IngestRules, MediaJob, now
from innbox_postgres_store.store import DatabaseStore

Says = Callable[..., Inbound]


async def test_a_file_tried_later_is_no_news(store: DatabaseStore, says: Says) -> None:
    await store.ingest(says(attachments=(Attachment("image", state="fetching", source="x"),)), IngestRules(0, 0))
    (job,) = await store.media_due(10)

    changed = await store.save_media(job, None, url=None, again_at=now())

    assert changed is not None
    assert changed.events == ()


async def test_a_job_of_no_message_at_all_is_none(store: DatabaseStore) -> None:
    job = MediaJob("no id", 0, "whatsapp", Attachment("image"))

    assert await store.save_media(job, None, url=None, again_at=None) is None


async def test_counters_in_any_order_do_not_wait_for_each_other(store: DatabaseStore) -> None:
    names = [f"counter-{n}" for n in range(20)]
    await asyncio.gather(
        *(store.add_counts(dict.fromkeys(names if n % 2 else reversed(names), 1.0)) for n in range(20)),
        store.add_counts({}),
    )

    assert await store.counts() == dict.fromkeys(names, 20.0)
