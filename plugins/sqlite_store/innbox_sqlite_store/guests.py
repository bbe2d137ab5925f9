"""Taking in what guests write, and what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from innbox import (
    Author,
    AuthorKind,
    BotMode,
    Changed,
    ConversationStatus,
    Direction,
    Draft,
    GuestRecord,
    HandledBy,
    Inbound,
    Ingested,
    IngestRules,
    Message,
    new_id,
    opt_out_note,
)
from innbox_sqlite_store import figures
from innbox_sqlite_store.database import MICROSECONDS, Transaction
from innbox_sqlite_store.erasing import is_kept_out
from innbox_sqlite_store.log import add_messages, bare, changed, end_suggestion, shown, tell
from innbox_sqlite_store.rows import (
    attachments_to_json,
    conversation_of,
    maybe_moment,
    message_of,
    microseconds,
    moment,
    to_json,
)


def ingest(tx: Transaction, inbound: Inbound, rules: IngestRules) -> Ingested:
    """See `Store.ingest`."""
    channel = inbound.address.channel
    seen = tx.one("raw_inbound", channel=channel, provider_id=inbound.provider_id)
    if seen and seen["message_id"]:
        return _duplicate(tx, seen["message_id"])
    if is_kept_out(tx, inbound, rules.erasure_key):
        return Ingested.kept_out(inbound)
    conversation = _conversation(tx, inbound, rules, _guest(tx, inbound))
    message = _add_message(tx, conversation, inbound)
    tx.run(
        "add_raw_inbound",
        channel=channel,
        provider_id=inbound.provider_id,
        raw=to_json(inbound.raw),
        message_id=message.id,
    )
    wish = _keep_wish(tx, conversation, rules)
    after = _after_message(tx, conversation, inbound, rules, wish)
    moved = after.epoch != conversation["epoch"]
    grown = tx.one(
        "guest_wrote",
        id=conversation["id"],
        handle=inbound.address.handle,
        handled_by=after.handled_by.value,
        epoch=after.epoch,
        assignee=after.assignee,
        handed=moved,
        seq=message.seq,
        message_id=message.id,
        window_closes_at=after.window_closes_at,
        wish=wish,
        burst_since=after.burst_since,
        answer_at=after.answer_at,
    )
    assert grown is not None
    if moved:
        end_suggestion(tx, grown)
    alarmed = bool(rules.urgent) and conversation["handled_by"] == HandledBy.BOT.value
    figures.count(tx, inbound.hotel, guest_messages=1, hand_overs=int(alarmed))
    added = add_messages(tx, grown, _drafts(tx, conversation, rules, message, wish))
    now_is = shown(tx, conversation["id"])
    return Ingested(
        message=message,
        conversation=now_is,
        duplicate=False,
        events=tell(tx, now_is, new=(message, *added)),
        answer_at=maybe_moment(after.answer_at),
    )


def keep_aside(tx: Transaction, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
    """See `Store.keep_aside`."""
    tx.run("keep_aside", channel=channel, provider_id=provider_id, raw=to_json(raw), reason=reason)


def guest_record(tx: Transaction, conversation_id: str) -> GuestRecord | None:
    """See `KeepsDesk.guest_record`."""
    here = tx.one("shown_conversation", id=conversation_id)
    guest = tx.one("guest", id=here["guest_id"]) if here else None
    if here is None or guest is None:
        return None
    others = tx.all("other_conversations", guest_id=guest["id"], id=conversation_id)
    return GuestRecord(
        guest=conversation_of(here).guest,
        first_seen_at=moment(guest["created_at"]),
        addresses=tuple((row["channel"], row["handle"]) for row in tx.all("addresses_of_guest", id=guest["id"])),
        opted_out_at=maybe_moment(guest["opted_out_at"]),
        conversations=tuple(conversation_of(row) for row in others),
    )


def set_opt_out(tx: Transaction, conversation_id: str, out: bool) -> Changed:
    """See `KeepsDesk.set_opt_out`. The first time that they said so stays."""
    before = bare(tx, conversation_id)
    if tx.one("set_opt_out", id=before["guest_id"], out=out) is None:
        return Changed(shown(tx, conversation_id))
    return changed(tx, conversation_id)


def _duplicate(tx: Transaction, message_id: str) -> Ingested:
    row = tx.one("message", id=message_id)
    assert row is not None, "a webhook's message goes only together with the webhook's reference to it"
    return Ingested(message=message_of(row), conversation=shown(tx, row["conversation_id"]), duplicate=True)


def _guest(tx: Transaction, inbound: Inbound) -> str:
    """Return the id of the guest who writes: the one known by the address or an alias, else a new one."""
    addresses = (inbound.address, *inbound.aliases)
    name_key = inbound.guest_name.casefold() if inbound.guest_name else None
    names = {"name": inbound.guest_name or None, "name_key": name_key, "language": inbound.language}
    found: list[str | None] = []
    for address in addresses:
        row = tx.one("guest_of_address", hotel=inbound.hotel, channel=address.channel, handle=address.handle)
        found.append(row["guest_id"] if row else None)
    guest_id = next((known for known in found if known), None)
    if guest_id is None:
        guest_id = new_id()
        tx.run("add_guest", id=guest_id, hotel=inbound.hotel, **names)
    elif inbound.guest_name or inbound.language:
        tx.run("rename_guest", id=guest_id, **names)
    for address, known in zip(addresses, found, strict=True):
        if known is None:
            tx.run(
                "add_address",
                hotel=inbound.hotel,
                channel=address.channel,
                handle=address.handle,
                guest_id=guest_id,
            )
    return guest_id


def _conversation(tx: Transaction, inbound: Inbound, rules: IngestRules, guest_id: str) -> Row:
    row = tx.one("conversation_of_guest", guest_id=guest_id, channel=inbound.address.channel)
    if row is None:
        row = tx.one(
            "add_conversation",
            id=new_id(),
            hotel=inbound.hotel,
            channel=inbound.address.channel,
            guest_id=guest_id,
            handle=inbound.address.handle,
            handled_by=_first_hands(rules).value,
        )
    assert row is not None
    return row


def _add_message(tx: Transaction, conversation: Row, inbound: Inbound) -> Message:
    row = tx.one(
        "add_message",
        id=new_id(),
        conversation_id=conversation["id"],
        seq=conversation["last_seq"] + 1,
        direction=Direction.IN.value,
        author_kind=AuthorKind.GUEST.value,
        author_name=inbound.guest_name,
        text=inbound.text,
        attachments=attachments_to_json(inbound.attachments),
        meta=to_json(dict(inbound.meta)),
        provider_id=inbound.provider_id,
        client_id=None,
        status=None,
        template=None,
        due_at=None,
    )
    assert row is not None
    for position, attachment in enumerate(inbound.attachments):
        if attachment.state == "fetching":
            tx.run("add_media", message_id=row["id"], position=position)
    return message_of(row)


def _keep_wish(tx: Transaction, conversation: Row, rules: IngestRules) -> bool:
    """Keep the guest's wish to opt out, or in again; say whether the message tells of one. Who never opted out says
    something else with the words of opting in."""
    if rules.opts_out is None:
        return False
    return tx.one("set_wish", id=conversation["guest_id"], out=rules.opts_out) is not None


def _drafts(
    tx: Transaction, conversation: Row, rules: IngestRules, message: Message, wish: bool
) -> list[tuple[Direction, Draft]]:
    """Return what is said after a guest's message: to staff of a wish, to the guest where it raises an alarm."""
    drafts: list[tuple[Direction, Draft]] = []
    if wish and rules.opts_out is not None:
        drafts.append((Direction.NOTE, opt_out_note(rules.opts_out)))
    if rules.urgent and (conversation["urgent_since"] is None or conversation["urgent_acknowledged_by"] is not None):
        _raise_alarm(tx, conversation, rules)
        if rules.notice:
            notice = Draft(rules.notice, Author(AuthorKind.BOT), meta={"trace": message.id})
            drafts.append((Direction.OUT, notice))
    return drafts


def _raise_alarm(tx: Transaction, conversation: Row, rules: IngestRules) -> None:
    seconds = rules.ring_seconds
    tx.run(
        "raise_alarm",
        id=conversation["id"],
        words=to_json(rules.urgent),
        ring_for=rules.ring_for,
        ring_at=None if seconds is None else tx.now + int(seconds * MICROSECONDS),
    )


@dataclass(frozen=True, slots=True)
class _After:
    """How a conversation stands after a guest's message."""

    handled_by: HandledBy
    epoch: int
    assignee: str | None
    window_closes_at: int | None
    burst_since: int | None
    answer_at: int | None


def _after_message(tx: Transaction, conversation: Row, inbound: Inbound, rules: IngestRules, wish: bool) -> _After:
    handled_by, epoch, assignee = HandledBy(conversation["handled_by"]), conversation["epoch"], conversation["assignee"]
    hands = _hands(conversation, rules)
    if conversation["status"] != ConversationStatus.OPEN.value:
        handled_by, epoch, assignee = hands, epoch + 1, None
    elif handled_by is HandledBy.BOT and hands is HandledBy.STAFF:
        handled_by, epoch = HandledBy.STAFF, epoch + 1
    burst_since, answer_at = conversation["burst_since"], conversation["answer_at"]
    if handled_by is HandledBy.STAFF:
        burst_since = answer_at = None
    elif not wish:
        burst_since = burst_since or tx.now
        answer_at = _answer_at(tx.now, burst_since, rules)
    return _After(
        handled_by=handled_by,
        epoch=epoch,
        assignee=assignee,
        window_closes_at=_window(tx.now, conversation["window_closes_at"], inbound, rules),
        burst_since=burst_since,
        answer_at=answer_at,
    )


def _hands(conversation: Row, rules: IngestRules) -> HandledBy:
    """Return whose a conversation is that staff do not have: its own mode goes before the hotel's."""
    mode = conversation["bot_mode"]
    if rules.urgent or mode == BotMode.OFF.value:
        return HandledBy.STAFF
    return HandledBy.BOT if mode else _first_hands(rules)


def _first_hands(rules: IngestRules) -> HandledBy:
    return HandledBy.BOT if rules.bot_on else HandledBy.STAFF


def _answer_at(now: int, burst_since: int, rules: IngestRules) -> int:
    quiet = now + int(rules.wait_seconds * MICROSECONDS)
    return min(quiet, burst_since + int(rules.wait_at_most_seconds * MICROSECONDS))


def _window(now: int, before: int | None, inbound: Inbound, rules: IngestRules) -> int | None:
    """Return when the reply window closes. The provider counts from its own time of the message, which is earlier than
    ours where the message was fetched back."""
    if rules.reply_window is None:
        return before
    opened = min(microseconds(inbound.sent_at), now) if inbound.sent_at else now
    return max(before or 0, opened + int(rules.reply_window.total_seconds() * MICROSECONDS))
