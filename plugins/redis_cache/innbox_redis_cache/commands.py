"""The cache's verbs in Redis's words."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

Command = tuple[bytes | str | int, ...]

MAX_SECONDS = 10 * 365 * 86400.0  # more than any cache keeps, and within what Redis can count in milliseconds


class Commands:
    """Makes commands. Times are in seconds, as in the port; at 0 and below, nothing is kept."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        folder = files(__package__) / "lua"
        self._add, self._put_member, self._members = (
            (folder / f"{name}.lua").read_text("utf-8") for name in ("add", "put_member", "members")
        )

    def get(self, key: str) -> Command:
        return "GET", self._key(key)

    def set(self, key: str, value: bytes, ttl: float) -> Command:
        return ("SET", self._key(key), value, "PX", _milliseconds(ttl)) if ttl > 0 else self.delete(key)

    def delete(self, key: str) -> Command:
        return "DEL", self._key(key)

    def add(self, key: str, amount: int, ttl: float) -> Command:
        return "EVAL", self._add, 1, self._key(key), amount, _milliseconds(ttl)

    def time_left(self, key: str) -> Command:
        return "PTTL", self._key(key)

    def put_member(self, group: str, member: str, value: bytes, ttl: float) -> Command:
        if ttl <= 0:
            return self.remove_member(group, member)
        return "EVAL", self._put_member, 1, self._group(group), _encode(member), value, _milliseconds(ttl)

    def remove_member(self, group: str, member: str) -> Command:
        return "HDEL", self._group(group), _encode(member)

    def members(self, group: str) -> Command:
        return "EVAL", self._members, 1, self._group(group)

    def _key(self, key: str) -> bytes:
        return _encode(f"{self._prefix}:key:{key}")

    def _group(self, group: str) -> bytes:
        return _encode(f"{self._prefix}:group:{group}")


def read_members(answer: list[Any]) -> Mapping[str, bytes]:
    """Return what the server said of a group's members."""
    names, values = answer[0::2], answer[1::2]
    return {
        bytes(name).decode("utf-8", "surrogatepass"): bytes(value) for name, value in zip(names, values, strict=True)
    }


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a key may hold what a guest's browser sent


def _milliseconds(seconds: float) -> int:
    return max(round(min(seconds, MAX_SECONDS) * 1000), 1) if seconds > 0 else 0
