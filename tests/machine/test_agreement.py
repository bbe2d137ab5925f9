"""One seeded sequence of steps, on both stores and on the model: in the end all three must tell the same.

`make machine STEPS=10000 SEED=1` walks further; without, it is a short walk. Where a store goes another way, the steps
are left out one after the other until only those remain that matter.
"""

import os
from typing import Any

from innbox.testing.store_machine import Disagreement, House, NewStore, shrink, walk

STEPS = int(os.environ.get("INNBOX_MACHINE_STEPS", "150"))
SEED = int(os.environ.get("INNBOX_MACHINE_SEED", "3"))


async def walked(new_store: NewStore) -> House:
    try:
        async with new_store() as at_hand:
            return await walk(at_hand, SEED, STEPS)
    except Disagreement as long:
        raise (await shrink(new_store, SEED, long.steps) or long) from long


def told(house: House) -> list[tuple[Any, ...]]:
    """Return what a house tells that no store may choose: no ids, no times."""
    talks: list[tuple[Any, ...]] = []
    for talk in house.talks:
        shown = talk.shown
        said = tuple((one.seq, one.direction, one.text, one.status, one.error) for one in talk.messages)
        hands = (shown.status, shown.handled_by, shown.assignee, shown.epoch, shown.unread)
        talks.append((shown.hotel, shown.channel, shown.guest.handle, shown.guest.name, hands, said))
    return [*talks, tuple(name for name, _, _ in house.log)]


async def test_both_stores_go_the_models_way(on_sqlite: NewStore, on_postgres: NewStore) -> None:
    small, large = await walked(on_sqlite), await walked(on_postgres)

    assert told(small) == told(large)
