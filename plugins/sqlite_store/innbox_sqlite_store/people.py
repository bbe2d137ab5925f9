"""Users, their sessions, the settings that admins change at run time, and who did what."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from sqlite3 import Row
from typing import Any

from innbox import AuditEntry, Conflict, NotFound, Refused, User
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.rows import microseconds, moment, to_json, user_of

NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # before the first page


def add_user(tx: Transaction, user: User, password_hash: str) -> None:
    """See `Store.add_user`."""
    added = tx.one(
        "add_user",
        key=user.name.lower(),
        name=user.name,
        role=user.role,
        hotels=None if user.hotels is None else to_json(sorted(user.hotels)),
        password_hash=password_hash,
        disabled=user.disabled,
        created_at=microseconds(user.created_at) if user.created_at else tx.now,
    )
    if added is None:
        raise Conflict(f"There is a user {user.name} already.")


def users(tx: Transaction) -> Sequence[User]:
    """See `Store.users`; by name."""
    return [user_of(row) for row in tx.all("users")]


def user(tx: Transaction, name: str) -> tuple[User, str] | None:
    """See `Store.user`."""
    row = tx.one("user", key=name.lower())
    return (user_of(row), row["password_hash"]) if row else None


def change_user(tx: Transaction, name: str, role: str, hotels: frozenset[str] | None) -> None:
    """See `KeepsDesk.change_user`."""
    wanted = None if hotels is None else to_json(sorted(hotels))
    if tx.one("change_user", key=name.lower(), role=role, hotels=wanted) is None:
        raise _nobody(name)


def set_password(tx: Transaction, name: str, password_hash: str) -> None:
    """See `Store.set_password`."""
    if tx.one("set_password", key=name.lower(), password_hash=password_hash) is None:
        raise _nobody(name)
    tx.run("close_sessions_of", key=name.lower())


def set_disabled(tx: Transaction, name: str, disabled: bool) -> None:
    """See `Store.set_disabled`."""
    if tx.one("set_disabled", key=name.lower(), disabled=disabled) is None:
        raise _nobody(name)
    if disabled:
        tx.run("close_sessions_of", key=name.lower())


def open_session(tx: Transaction, token_hash: str, user: str, ends_at: datetime) -> None:
    """See `Store.open_session`; raises `NotFound` where there is no such user."""
    if tx.one("user", key=user.lower()) is None:
        raise _nobody(user)
    tx.run("forget_ended_sessions")
    tx.run("open_session", token_hash=token_hash, key=user.lower(), ends_at=microseconds(ends_at))


def session(tx: Transaction, token_hash: str) -> User | None:
    """See `Store.session`."""
    row = tx.one("session", token_hash=token_hash)
    return user_of(row) if row else None


def close_session(tx: Transaction, token_hash: str) -> None:
    """See `Store.close_session`."""
    tx.run("close_session", token_hash=token_hash)


def settings(tx: Transaction) -> Mapping[str, Mapping[str, Any]]:
    """See `Store.settings`."""
    found: dict[str, dict[str, Any]] = {}
    for row in tx.all("settings"):
        found.setdefault(row["hotel"], {})[row["key"]] = json.loads(row["value"])
    return found


def change_settings(tx: Transaction, hotel: str, values: Mapping[str, Any], user: str) -> None:
    """See `Store.change_settings`."""
    for key, value in values.items():
        if value is None:
            tx.run("remove_setting", hotel=hotel, key=key)
        else:
            tx.run("set_setting", hotel=hotel, key=key, value=to_json(value), user=user)


def audit(tx: Transaction, entry: AuditEntry) -> None:
    """See `KeepsDesk.audit`."""
    tx.run(
        "add_audit",
        id=entry.id,
        at=min(microseconds(entry.at), tx.now),
        user=entry.user,
        action=entry.action,
        hotel=entry.hotel,
        conversation_id=entry.conversation_id,
        detail=to_json(dict(entry.detail)),
    )


def audit_log(
    tx: Transaction, hotels: frozenset[str] | None, before: str | None, limit: int, user: str | None
) -> Sequence[AuditEntry]:
    """See `KeepsDesk.audit_log`. Each hotel's entries are read from its newest one on."""
    page: dict[str, Any] = {"before": _below(before), "limit": limit}
    if user is not None:
        names = None if hotels is None else to_json(sorted(hotels))
        rows = tx.all("audit_of_user", user=user, hotels=names, **page)
    elif hotels is not None:
        rows = [row for hotel in hotels for row in tx.all("audit_of_hotel", hotel=hotel, **page)]
        rows = sorted(rows, key=lambda row: str(row["id"]), reverse=True)[:limit]
    else:
        rows = tx.all("audit", **page)
    return [_entry(row) for row in rows]


def _below(before: str | None) -> str:
    if before is None:
        return NEWEST
    try:
        return str(uuid.UUID(before))
    except ValueError as error:
        raise Refused("This is not a page of the audit log.", code="bad_cursor") from error


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=moment(row["at"]),
        user=row["user_name"],
        action=row["action"],
        hotel=row["hotel"],
        conversation_id=row["conversation_id"],
        detail=json.loads(row["detail"]),
    )


def _nobody(name: str) -> NotFound:
    return NotFound(f"There is no user {name}.")
