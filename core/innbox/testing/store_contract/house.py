"""What a store promises of files and of the house itself: schema, chores, watermarks, counters and the pulse."""

import asyncio
from datetime import timedelta

from innbox.ids import new_id
from innbox.messages import Attachment, MediaContent, now
from innbox.ports import IngestRules, MediaJob, Store, WaitAndAsk
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    about,
    bot_answers,
    claim_delivery,
    claim_turn,
    guest_writes,
    names,
    reply,
    soon,
    stored,
)

PHOTO = Attachment("image", content_type="image/jpeg", state="fetching", source="https://example.com/1")
PLACE = Attachment("location", latitude=38.7, longitude=-9.1)


async def photo_job(store: Store) -> MediaJob:
    """Let a guest send a place and a photo, and return the job of the photo."""
    await guest_writes(store, "", attachments=(PLACE, PHOTO))
    (job,) = await store.media_due(10)
    return job


class HouseContract:
    """Schema, media, chores, watermarks, counters and pulse."""

    # schema

    async def test_a_migrated_schema_has_nothing_pending(self, store: Store, second_store: Store) -> None:
        applied = await asyncio.gather(store.migrate(), second_store.migrate())

        assert [list(names_applied) for names_applied in applied] == [[], []]
        assert list(await store.pending_migrations()) == []
        await store.ping()

    # files

    async def test_an_attachment_to_fetch_is_due(self, store: Store) -> None:
        job = await photo_job(store)

        assert (job.position, job.channel, job.attachment, job.tries) == (1, CHANNEL, PHOTO, 0)

    async def test_a_fetched_file_is_ready(self, store: Store) -> None:
        job = await photo_job(store)
        content = MediaContent("image/png", b"\x89PNG\x00\xff", name="pool.png")

        changed = await store.save_media(job, content, url="/media/1", again_at=None)

        assert changed is not None
        assert names(changed.events) == ["message_update"]
        found = (await stored(store, job.message_id)).attachments[1]
        assert (found.state, found.url, found.size) == ("ready", "/media/1", 6)
        assert (found.content_type, found.name) == ("image/png", "pool.png")
        assert await store.media(job.message_id, 1) == content
        assert await store.media(job.message_id, 0) is None
        assert list(await store.media_due(10)) == []

    async def test_a_file_that_cannot_be_had_now_is_tried_later(self, store: Store) -> None:
        job = await photo_job(store)

        await store.save_media(job, None, url=None, again_at=soon())
        assert list(await store.media_due(10)) == []
        await store.save_media(job, None, url=None, again_at=now() - timedelta(seconds=1))

        (again,) = await store.media_due(10)
        assert again.tries > job.tries
        assert again.attachment.state == "fetching"

    async def test_a_file_that_cannot_be_had_at_all_has_failed(self, store: Store) -> None:
        job = await photo_job(store)

        changed = await store.save_media(job, None, url=None, again_at=None)

        assert changed is not None
        assert names(changed.events) == ["message_update"]
        assert (await stored(store, job.message_id)).attachments[1].state == "failed"
        assert list(await store.media_due(10)) == []
        assert await store.media(job.message_id, 1) is None

    async def test_a_file_of_nobodys_message_is_none(self, store: Store) -> None:
        job = MediaJob(new_id(), 0, CHANNEL, PHOTO)

        assert await store.save_media(job, MediaContent("image/png", b"1"), url="/1", again_at=None) is None
        assert await store.media(job.message_id, 0) is None

    # chores

    async def test_a_chore_is_done_once_in_its_time(self, store: Store, second_store: Store) -> None:
        hour = timedelta(hours=1)

        claims = await asyncio.gather(*((store, second_store)[n % 2].claim_chore("backfill", hour) for n in range(6)))

        assert claims.count(True) == 1
        assert not await store.claim_chore("backfill", hour)
        assert await store.claim_chore("another", hour)
        await asyncio.sleep(0.02)
        assert await store.claim_chore("backfill", timedelta(milliseconds=10))

    async def test_a_watermark_only_rises(self, store: Store) -> None:
        assert await store.watermark("backfill") is None
        early, late = soon(1), soon(2)

        await store.set_watermark("backfill", early)
        await store.set_watermark("backfill", late)
        await store.set_watermark("backfill", early)

        found = await store.watermark("backfill")
        assert found is not None
        assert abs(found - late) < timedelta(milliseconds=1)
        assert await store.watermark("another") is None

    async def test_counters_add_up_across_processes(self, store: Store, second_store: Store) -> None:
        await asyncio.gather(
            *((store, second_store)[n % 2].add_counts({"messages": 1, "seconds": 0.5}) for n in range(6))
        )

        assert dict(await store.counts()) == {"messages": 6, "seconds": 3.0}

    # the pulse

    async def test_a_quiet_house_has_a_quiet_pulse(self, store: Store) -> None:
        pulse = await store.pulse()

        assert (pulse.oldest_unanswered_at, pulse.oldest_due_at, pulse.workers) == (None, None, 0)
        assert not pulse.turns
        assert not any(pulse.deliveries.values())

    async def test_the_pulse_counts_living_workers(self, store: Store, second_store: Store) -> None:
        for worker in ("worker-1", "worker-1", "worker-2"):
            await second_store.heartbeat(worker)
        assert (await store.pulse()).workers == 2

        await store.retire("worker-1")

        assert (await store.pulse()).workers == 1

    async def test_the_pulse_tells_how_long_guests_have_waited(self, store: Store) -> None:
        first = await guest_writes(store, handle="+351911000001")
        await guest_writes(store, handle="+351911000002", rules=IngestRules(wait_seconds=60))
        assert about((await store.pulse()).oldest_unanswered_at, first.message.created_at)

        await store.commit_turn(await claim_turn(store, first.conversation.id), reply("Hi"))

        later = (await store.pulse()).oldest_unanswered_at
        assert later is not None
        assert later > first.message.created_at

    async def test_the_pulse_tells_how_long_the_longest_due_work_waits(self, store: Store) -> None:
        await guest_writes(store, handle="+351911000001", rules=IngestRules(wait_seconds=60))
        assert (await store.pulse()).oldest_due_at is None, "a turn whose time has not come waits for nobody"

        taken = await guest_writes(store, handle="+351911000002")
        assert taken.answer_at is not None
        assert about((await store.pulse()).oldest_due_at, taken.answer_at)

        turn = await claim_turn(store, taken.conversation.id)
        assert (await store.pulse()).oldest_due_at is None, "a living worker has it"

        await store.commit_turn(turn, reply("Hi"))
        assert about((await store.pulse()).oldest_due_at, taken.answer_at), "a delivery is due"

        await claim_delivery(store, taken.conversation.id)
        assert (await store.pulse()).oldest_due_at is None

    async def test_work_of_a_worker_that_left_waits_again(self, store: Store) -> None:
        taken = await guest_writes(store)
        await claim_turn(store, taken.conversation.id, "worker-1")

        await store.retire("worker-1")

        pulse = await store.pulse()
        assert pulse.oldest_due_at is not None
        assert not pulse.turns

    async def test_the_pulse_counts_the_turns_of_living_workers(self, store: Store) -> None:
        taken = [await guest_writes(store, handle=f"+35191100000{n}") for n in range(3)]
        first = await claim_turn(store, taken[0].conversation.id)
        await claim_turn(store, taken[1].conversation.id, "worker-2")

        found = (await store.pulse()).turns

        assert found is None or found == 2
        await store.commit_turn(first, reply("Hi"))
        found = (await store.pulse()).turns
        assert found is None or found == 1

    async def test_the_pulse_counts_deliveries_that_are_not_at_rest(self, store: Store) -> None:
        await bot_answers(store, "one", handle="+351911000001")
        await bot_answers(store, "two", handle="+351911000002")
        third = await bot_answers(store, "three", handle="+351911000003")
        assert third.conversation is not None
        await store.settle_delivery(await claim_delivery(store, third.conversation.id), WaitAndAsk(soon()))

        deliveries = (await store.pulse()).deliveries

        assert {state: count for state, count in deliveries.items() if count} == {"pending": 2, "unknown": 1}
