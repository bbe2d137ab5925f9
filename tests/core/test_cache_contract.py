"""The cache contract lets a right cache pass (see the caches' own tests), and catches those that are wrong."""

import asyncio
import inspect
from collections.abc import Mapping

import pytest

from innbox import MemoryCache
from innbox.testing import cache_contract
from innbox.testing.cache_contract import FROZEN, GONE, ODD_KEYS, CacheContract

TESTS = sorted(name for name in vars(CacheContract) if name.startswith("test_"))
GIVEN = {"key": ODD_KEYS[0], "ttl": 0.0}


class Switch:
    """A server that can be switched off."""

    faults = frozenset({GONE})

    def __init__(self) -> None:
        self.off = False

    async def fail(self, fault: str) -> None:
        self.off = True

    async def recover(self) -> None:
        self.off = False


class Right(MemoryCache):
    def __init__(self, server: Switch) -> None:
        super().__init__()
        self.server = server


class KeepsForEver(Right):
    async def set(self, key: str, value: bytes, ttl: float) -> None:
        await super().set(key, value, 1e9)


class KeepsNothing(Right):
    async def set(self, key: str, value: bytes, ttl: float) -> None:
        return


class NeverDeletes(Right):
    async def delete(self, key: str) -> None:
        return


class CutsValues(Right):
    async def set(self, key: str, value: bytes, ttl: float) -> None:
        await super().set(key, value[:1000], ttl)


class MixesKeys(Right):
    async def get(self, key: str) -> bytes | None:
        return await super().get(key.rstrip("."))


class RenewsCounters(Right):
    async def add(self, key: str, amount: int, ttl: float) -> int:
        total = await super().add(key, amount, ttl)
        await self.set(key, str(total).encode(), ttl)
        return total


class ReadsThenWrites(Right):
    """Its counters lose additions made at once."""

    async def add(self, key: str, amount: int, ttl: float) -> int:
        total = int(await self.get(key) or 0) + amount
        await asyncio.sleep(0)
        await self.set(key, str(total).encode(), ttl)
        return total


class MembersStay(Right):
    async def put_member(self, group: str, member: str, value: bytes, ttl: float) -> None:
        await super().put_member(group, member, value, 1e9)


class GroupsEndAtOnce(Right):
    """A group ends with its last-put member, as with one end for a whole hash."""

    async def put_member(self, group: str, member: str, value: bytes, ttl: float) -> None:
        for other, kept in (await self.members(group)).items():
            await super().put_member(group, other, kept, ttl)
        await super().put_member(group, member, value, ttl)


class NeverRemoves(Right):
    async def remove_member(self, group: str, member: str) -> None:
        return


class SharesNames(Right):
    """Keys and groups lie in one place."""

    async def delete(self, key: str) -> None:
        await super().delete(key)
        for member in await self.members(key):
            await self.remove_member(key, member)


class Raises(Right):
    async def get(self, key: str) -> bytes | None:
        if self.server.off:
            raise ConnectionError("the server is gone")
        return await super().get(key)


class Hangs(Right):
    async def members(self, group: str) -> Mapping[str, bytes]:
        if self.server.off:
            await asyncio.sleep(1.2)
        return await super().members(group)


class WaitsInLine(Right):
    """Each caller waits out the silence after the one before."""

    def __init__(self, server: Switch) -> None:
        super().__init__(server)
        self.line = asyncio.Lock()

    async def get(self, key: str) -> bytes | None:
        if self.server.off:
            async with self.line:
                await asyncio.sleep(0.01)
        return await super().get(key)


class GivesUpForGood(Right):
    lost = False

    async def get(self, key: str) -> bytes | None:
        self.lost = self.lost or self.server.off
        return None if self.lost else await super().get(key)


async def hold(kind: type[Right], test: str) -> None:
    """Run one of the contract's tests on a cache; what is wrong is raised."""
    server = Switch()
    offered = {"cache": kind(server), "server": server, **GIVEN}
    method = getattr(CacheContract(), test)
    result = method(**{wanted: offered[wanted] for wanted in inspect.signature(method).parameters})
    if inspect.isawaitable(result):
        await result


@pytest.mark.parametrize("test", TESTS)
async def test_a_right_cache_passes(test: str) -> None:
    await hold(Right, test)


@pytest.mark.parametrize(
    ("kind", "caught_by"),
    [
        (KeepsForEver, "test_a_value_ends"),
        (KeepsNothing, "test_a_value_comes_back_as_it_went_in"),
        (NeverDeletes, "test_what_is_deleted_is_gone"),
        (CutsValues, "test_a_value_comes_back_as_it_went_in"),
        (MixesKeys, "test_any_text_is_a_key"),
        (RenewsCounters, "test_a_counter_ends_after_its_first_addition"),
        (ReadsThenWrites, "test_no_addition_is_lost_when_many_add_at_once"),
        (MembersStay, "test_each_member_ends_for_itself"),
        (GroupsEndAtOnce, "test_each_member_ends_for_itself"),
        (NeverRemoves, "test_a_removed_member_is_gone"),
        (SharesNames, "test_a_group_and_a_key_of_one_name_are_two_things"),
        (Raises, "test_nothing_raises_or_hangs_in_a_fault"),
        (Hangs, "test_nothing_raises_or_hangs_in_a_fault"),
        (WaitsInLine, "test_many_in_a_fault_wait_no_longer_than_one"),
        (GivesUpForGood, "test_it_remembers_again_after_a_fault"),
    ],
    ids=lambda value: value.__name__ if inspect.isclass(value) else "",
)
async def test_a_wrong_cache_is_caught(kind: type[Right], caught_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_contract, "RECOVERY_SECONDS", 0.5)

    with pytest.raises((AssertionError, OSError)):
        await hold(kind, caught_by)


def test_a_fault_that_is_none_of_a_servers_is_told() -> None:
    class Strange(Switch):
        faults = frozenset({FROZEN, "on fire"})

    with pytest.raises(AssertionError):
        CacheContract().test_the_server_names_known_faults_only(Strange())
