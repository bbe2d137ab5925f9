"""Admission: a calm process begins at once, a late one finishes first."""

import asyncio
import time

from innbox.pipeline.admission import BATCH, Admission


async def test_a_few_begin_at_once() -> None:
    admission = Admission()
    started = time.monotonic()

    for _ in range(BATCH):
        await admission.enter()

    assert time.monotonic() - started < 0.01


async def test_many_begin_in_batches_in_order() -> None:
    admission = Admission()
    begun: list[int] = []

    async def begin(number: int) -> None:
        await admission.enter()
        begun.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(10 * BATCH)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(begun) == BATCH

    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)
    assert begun == list(range(10 * BATCH))
    assert admission.waiting == 0


async def test_while_the_process_is_late_hardly_anything_begins() -> None:
    admission = Admission()
    begun = 0

    async def begin() -> None:
        nonlocal begun
        await admission.enter()
        begun += 1

    tasks = [asyncio.create_task(begin()) for _ in range(10 * BATCH)]
    await asyncio.sleep(0)
    for _ in range(5):
        time.sleep(0.12)  # something holds the loop up
        await asyncio.sleep(0)

    assert begun <= BATCH + 10
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)
    assert begun == 10 * BATCH


async def test_who_is_cancelled_takes_no_place() -> None:
    admission = Admission()
    for _ in range(BATCH):
        await admission.enter()
    gone = asyncio.create_task(admission.enter())
    await asyncio.sleep(0)
    gone.cancel()

    async with asyncio.timeout(1):
        await admission.enter()

    assert gone.cancelled() or gone.cancelling()


async def test_an_idle_admission_keeps_no_timer() -> None:
    admission = Admission()
    await admission.enter()

    await asyncio.sleep(0.1)

    assert admission._tick is None
