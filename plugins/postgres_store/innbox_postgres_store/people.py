"""Staff who may sign in, their sessions, and the settings that admins change at run time."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import errors

from innbox import AuditEntry, Conflict, NotFound, Refused, User
from innbox_postgres_store import rows
from innbox_postgres_store.pool import Row
from innbox_postgres_store.verbs import Verbs

NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # before the first page


class People(Verbs):
    """The verbs of `Store` for accounts and settings, and of `KeepsDesk` for who did what."""

    async def add_user(self, user: User, password_hash: str) -> None:
        hotels = sorted(user.hotels) if user.hotels is not None else None
        try:
            await self._database.rows(
                "add_user", user.name, user.role, hotels, user.disabled, password_hash, user.created_at
            )
        except errors.UniqueViolation as error:
            raise Conflict(f"There is a user {user.name} already.") from error

    async def users(self) -> Sequence[User]:
        return [_user(row) for row in await self._database.rows("users")]

    async def user(self, name: str) -> tuple[User, str] | None:
        found = await self._database.rows("user", name)
        return (_user(found[0]), found[0][5]) if found else None

    async def change_user(self, name: str, role: str, hotels: frozenset[str] | None) -> None:
        wanted = sorted(hotels) if hotels is not None else None
        _found(name, await self._database.rows("change_user", name, role, wanted))

    async def set_password(self, name: str, password_hash: str) -> None:
        _found(name, await self._database.rows("set_password", name, password_hash))

    async def set_disabled(self, name: str, disabled: bool) -> None:
        _found(name, await self._database.rows("set_disabled", name, disabled))

    async def open_session(self, token_hash: str, user: str, ends_at: datetime) -> None:
        _found(user, await self._database.rows("open_session", token_hash, user, ends_at))

    async def session(self, token_hash: str) -> User | None:
        found = await self._database.rows("session", token_hash)
        return _user(found[0]) if found else None

    async def close_session(self, token_hash: str) -> None:
        await self._database.rows("close_session", token_hash)

    async def settings(self) -> Mapping[str, Mapping[str, Any]]:
        by_hotel: dict[str, dict[str, Any]] = {}
        for hotel, key, value in await self._database.rows("settings"):
            by_hotel.setdefault(hotel, {})[key] = value
        return by_hotel

    async def change_settings(self, hotel: str, values: Mapping[str, Any], user: str) -> None:
        texts = [None if value is None else json.dumps(value) for value in values.values()]
        await self._database.rows("change_settings", hotel, list(values), texts, user)

    async def audit(self, entry: AuditEntry) -> None:
        about = rows.as_id(entry.conversation_id)
        detail = json.dumps(dict(entry.detail))
        await self._database.rows("audit", entry.id, entry.at, entry.user, entry.action, entry.hotel, about, detail)

    async def audit_log(
        self, hotels: frozenset[str] | None, before: str | None, limit: int, user: str | None = None
    ) -> Sequence[AuditEntry]:
        wanted = sorted(hotels) if hotels is not None else None
        below = NEWEST if before is None else rows.as_id(before)
        if below is None:
            raise Refused("This is not a page of the audit log.", code="bad_cursor")
        return [AuditEntry(*row) for row in await self._database.rows("audit_page", wanted, below, max(limit, 1), user)]


def _user(row: Row) -> User:
    name, role, hotels, disabled, created_at = row[:5]
    return User(name, role, frozenset(hotels) if hotels is not None else None, disabled, created_at)


def _found(name: str, changed: Sequence[Row]) -> None:
    if not changed:
        raise NotFound(f"There is no user {name}.")
