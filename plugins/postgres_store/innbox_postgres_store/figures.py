"""The figures: sums of what happened at a hotel, by the quarter of an hour, made as it happens."""

from collections.abc import Sequence
from datetime import datetime

from innbox import Figures
from innbox_postgres_store.pool import Row
from innbox_postgres_store.verbs import Verbs


class Counting(Verbs):
    """The verb of `KeepsDesk` for figures."""

    async def figures(self, hotels: frozenset[str] | None, since: datetime, until: datetime) -> Sequence[Figures]:
        wanted = sorted(hotels) if hotels is not None else None
        return [_figures(row) for row in await self._database.rows("figures", wanted, since, until)]


def _figures(row: Row) -> Figures:
    hotel, at, guest, bot, staff, failed, hand_overs, turns, cost, by_bot, by_staff, resolved, solve_seconds = row
    return Figures(
        hotel,
        at,
        guest,
        bot,
        staff,
        failed,
        hand_overs,
        turns,
        cost,
        tuple(by_bot),
        tuple(by_staff),
        resolved,
        solve_seconds,
    )
