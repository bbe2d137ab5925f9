"""Erasing guests: a copy of their data, their end, and the tombstones that keep their old messages out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Row
from typing import Any

from innbox import Address, Erased, Event, Inbound, Tombstone, address_mark, marks_of, message_mark, rfc3339
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.rows import conversation_of, effect_of, message_of, microseconds, moment, to_json

EVERYTHING = 2**63 - 1


def is_kept_out(tx: Transaction, inbound: Inbound, key: bytes) -> bool:
    """Say whether a tombstone keeps a guest's message out: see `innbox.Tombstone`."""
    own, addresses = marks_of(key, inbound)
    sent_at = microseconds(inbound.sent_at) if inbound.sent_at else None
    row = tx.one("is_kept_out", own=own, addresses=to_json(addresses), sent_at=sent_at)
    return bool(row and row["kept_out"])


def export_guest(tx: Transaction, hotel: str, channel: str, handle: str) -> Mapping[str, Any] | None:
    """See `Store.export_guest`."""
    guest = tx.one("guest_of_handle", hotel=hotel, channel=channel, handle=handle)
    if guest is None:
        return None
    return {
        "hotel": hotel,
        "exported_at": rfc3339(moment(tx.now)),
        "guest": {
            "id": guest["id"],
            "name": guest["name"],
            "language": guest["language"],
            "created_at": rfc3339(moment(guest["created_at"])),
            "opted_out_at": _time(guest["opted_out_at"]),
        },
        "addresses": [{"channel": one.channel, "handle": one.handle} for one in _addresses(tx, guest["id"])],
        "conversations": [_conversation(tx, row) for row in tx.all("conversations_of_guest", id=guest["id"])],
        "webhooks": [
            {
                "channel": row["channel"],
                "provider_id": row["provider_id"],
                "received_at": rfc3339(moment(row["received_at"])),
                "raw": json.loads(row["raw"]),
            }
            for row in _webhooks(tx, guest["id"])
        ],
    }


def erase_guest(tx: Transaction, hotel: str, channel: str, handle: str, by: str, key: bytes) -> Erased | None:
    """See `Store.erase_guest`."""
    guest = tx.one("guest_of_handle", hotel=hotel, channel=channel, handle=handle)
    if guest is None:
        return None
    webhooks = _webhooks(tx, guest["id"])
    marks = {address_mark(key, hotel, address) for address in _addresses(tx, guest["id"])}
    marks |= {message_mark(key, row["channel"], row["provider_id"]) for row in webhooks}
    tombstone = Tombstone(guest["id"], hotel, moment(tx.now), by, tuple(sorted(marks)))
    _bury(tx, tombstone)
    return Erased(tombstone, _remove(tx, guest["id"], webhooks))


def erase_again(tx: Transaction, tombstone: Tombstone, key: bytes) -> Erased | None:
    """See `Store.erase_again`."""
    _bury(tx, tombstone)
    marks = frozenset(tombstone.marks)
    webhooks = [
        row
        for row in [*tx.all("webhooks_of_guest", id=tombstone.guest_id), *tx.all("webhooks_kept_aside")]
        if row["message_id"] or message_mark(key, row["channel"], row["provider_id"]) in marks
    ]
    if not webhooks and tx.one("guest", id=tombstone.guest_id) is None:
        return None
    return Erased(tombstone, _remove(tx, tombstone.guest_id, webhooks))


def tombstones(tx: Transaction, after: str | None, limit: int) -> Sequence[Tombstone]:
    """See `Store.tombstones`."""
    return [
        Tombstone(
            row["guest_id"], row["hotel"], moment(row["erased_at"]), row["erased_by"], tuple(json.loads(row["marks"]))
        )
        for row in tx.all("tombstones", after=after or "", limit=limit)
    ]


def _addresses(tx: Transaction, guest_id: str) -> list[Address]:
    return [Address(row["channel"], row["handle"]) for row in tx.all("addresses_of_guest", id=guest_id)]


def _conversation(tx: Transaction, row: Row) -> dict[str, Any]:
    messages = tx.all("history", id=row["id"], before=EVERYTHING, limit=-1)
    return {
        **conversation_of(row).as_json(),
        "messages": [message_of(message).as_export() for message in reversed(messages)],
        "turns": [_turn(tx, turn) for turn in tx.all("turns_of_conversation", id=row["id"])],
        "suggestions": [_suggestion(one) for one in tx.all("suggestions_of_conversation", id=row["id"])],
        "scheduled": [_scheduled(one) for one in tx.all("scheduled_of_conversation", id=row["id"])],
    }


def _turn(tx: Transaction, row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "ending": row["ending"],
        "ended_at": rfc3339(moment(row["ended_at"])),
        "record": json.loads(row["record"]),
        "effects": [effect_of(effect) for effect in tx.all("effects_of_turn", id=row["id"])],
    }


def _suggestion(row: Row) -> dict[str, Any]:
    names = ("id", "turn_id", "seq", "text", "outcome", "final_text", "settled_by")
    return {
        **{name: row[name] for name in names},
        "sources": json.loads(row["sources"]),
        "made_at": _time(row["made_at"]),
        "settled_at": _time(row["settled_at"]),
    }


def _scheduled(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "user": row["user_name"],
        "text": row["text"],
        **{name: _time(row[name]) for name in ("at", "created_at", "ended_at")},
    }


def _time(stored: int | None) -> str | None:
    return None if stored is None else rfc3339(moment(stored))


def _webhooks(tx: Transaction, guest_id: str) -> list[Row]:
    """Return the webhooks of a guest: those of their messages, and those kept aside that name one of their handles."""
    found = tx.all("webhooks_of_guest", id=guest_id)
    for address in _addresses(tx, guest_id):
        text = json.dumps(address.handle)[1:]  # with the quote that ends it, so that no longer handle is meant
        found += tx.all("webhooks_aside_of_handle", channel=address.channel, whole=f'"{text}', ending=f":{text}")
    return found


def _bury(tx: Transaction, tombstone: Tombstone) -> None:
    tx.run(
        "add_tombstone",
        guest_id=tombstone.guest_id,
        hotel=tombstone.hotel,
        erased_at=microseconds(tombstone.erased_at),
        by=tombstone.by,
    )
    tx.run("add_marks", guest_id=tombstone.guest_id, marks=to_json(tombstone.marks))


def _remove(tx: Transaction, guest_id: str, webhooks: Iterable[Row]) -> tuple[Event, ...]:
    """Delete all that is kept of a guest, and tell that their conversations are gone."""
    for webhook in webhooks:
        tx.run("remove_webhook", channel=webhook["channel"], provider_id=webhook["provider_id"])
    conversations = tx.all("conversations_of_guest", id=guest_id)
    for conversation in conversations:
        tx.run("remove_events", id=conversation["id"])
    tx.run("remove_guest", id=guest_id)
    tx.run("forget_words")
    return tuple(_gone(tx, conversation) for conversation in conversations)


def _gone(tx: Transaction, conversation: Row) -> Event:
    where = {"hotel": conversation["hotel"], "channel": conversation["channel"], "conversation_id": conversation["id"]}
    number = tx.run("add_event", name="conversation_gone", message_id=None, **where)
    assert number is not None
    return Event.gone(number, **where)
