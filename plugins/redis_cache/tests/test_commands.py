"""The verbs become commands within what Redis takes."""

import pytest

from innbox_redis_cache.commands import MAX_SECONDS, Commands, read_members

commands = Commands("innbox")


@pytest.mark.parametrize(
    ("seconds", "milliseconds"),
    [(0.0001, 1), (1.5, 1500), (float("inf"), int(MAX_SECONDS * 1000))],
)
def test_a_life_is_whole_milliseconds_and_at_least_one(seconds: float, milliseconds: int) -> None:
    assert commands.set("key", b"value", seconds) == ("SET", b"innbox:key:key", b"value", "PX", milliseconds)
    assert commands.add("key", 1, seconds)[-1] == milliseconds
    assert commands.put_member("group", "member", b"value", seconds)[-1] == milliseconds


@pytest.mark.parametrize("seconds", [0.0, -5.0])
def test_without_a_life_it_is_a_deletion(seconds: float) -> None:
    assert commands.set("key", b"value", seconds) == commands.delete("key")
    assert commands.put_member("group", "member", b"value", seconds) == commands.remove_member("group", "member")
    assert commands.add("key", 1, seconds)[-1] == 0


def test_members_are_read_in_pairs() -> None:
    assert read_members([b"a", b"1", b"\xed\xb3\xbf", b""]) == {"a": b"1", "\udcff": b""}
    assert read_members([]) == {}
