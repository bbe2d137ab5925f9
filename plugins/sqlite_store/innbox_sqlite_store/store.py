"""The store on one SQLite file: each verb hands a function to the thread that writes, or to one that reads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from innbox import (
    AuditEntry,
    BotMode,
    CannedReply,
    Changed,
    Committed,
    Conversation,
    Delivery,
    DeliveryEnd,
    Draft,
    Due,
    Erased,
    EventPage,
    Figures,
    GuestRecord,
    HistoryPage,
    Inbound,
    InboxPage,
    InboxQuery,
    Ingested,
    IngestRules,
    MediaContent,
    MediaJob,
    Message,
    Pulse,
    Scheduled,
    Settled,
    StaffReply,
    StatusReport,
    Timer,
    Tombstone,
    Turn,
    TurnEnd,
    TurnFacts,
    User,
    ViewQuery,
)
from innbox_sqlite_store import (
    answers,
    deliveries,
    erasing,
    figures,
    guests,
    house,
    people,
    reading,
    staff,
    timers,
    tools,
    turns,
    views,
)
from innbox_sqlite_store.database import Database, Transaction


class SqliteDatabase:
    """A `Store` on one file. `open` and `close` frame its use; what each verb promises stands in `innbox.Store`."""

    def __init__(self, path: Path, name: str = "sqlite_store") -> None:
        self.name = name
        self._database = Database(path)
        self._write = self._database.write
        self._read = self._database.read

    def open(self) -> None:
        """Start the store's threads; raise `StoreUnavailable` where the file's folder cannot be made."""
        self._database.open()

    async def close(self) -> None:
        """Finish the work at hand and close the file."""
        await self._database.close()

    # schema

    async def migrate(self) -> Sequence[str]:
        return await self._write(house.migrate)

    async def pending_migrations(self) -> Sequence[str]:
        return await self._read(house.pending_migrations)

    async def ping(self) -> None:
        await self._write(house.ping)

    # guests

    async def ingest(self, inbound: Inbound, rules: IngestRules) -> Ingested:
        return await self._write(guests.ingest, inbound, rules)

    async def keep_aside(self, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
        await self._write(guests.keep_aside, channel, provider_id, raw, reason)

    async def guest_record(self, conversation_id: str) -> GuestRecord | None:
        return await self._read(guests.guest_record, conversation_id)

    async def set_opt_out(self, conversation_id: str, out: bool) -> Changed:
        return await self._write(guests.set_opt_out, conversation_id, out)

    async def report_status(self, report: StatusReport) -> Changed | None:
        return await self._write(deliveries.report_status, report)

    # erasing

    async def export_guest(self, hotel: str, channel: str, handle: str) -> Mapping[str, Any] | None:
        return await self._read(erasing.export_guest, hotel, channel, handle)

    async def erase_guest(self, hotel: str, channel: str, handle: str, by: str, key: bytes = b"") -> Erased | None:
        erased = await self._write(erasing.erase_guest, hotel, channel, handle, by, key)
        await self._database.empty_log()
        return erased

    async def erase_again(self, tombstone: Tombstone, key: bytes = b"") -> Erased | None:
        erased = await self._write(erasing.erase_again, tombstone, key)
        await self._database.empty_log()
        return erased

    async def tombstones(self, after: str | None, limit: int) -> Sequence[Tombstone]:
        return await self._read(erasing.tombstones, after, limit)

    # answering

    async def heartbeat(self, worker: str) -> None:
        await self._write(turns.heartbeat, worker)

    async def retire(self, worker: str) -> None:
        await self._write(turns.retire, worker)

    async def due(self, limit: int) -> Due:
        return await self._read(turns.due, limit)

    async def claim_turn(self, worker: str, conversation_id: str, history: int) -> Turn | None:
        return await self._write(turns.claim_turn, worker, conversation_id, history)

    async def commit_turn(self, turn: Turn, end: TurnEnd, deliver_as: str | None = None) -> Committed:
        return await self._write(_commit_and_claim, turn, end, deliver_as)

    async def release_turn(self, turn: Turn, again_at: datetime | None) -> None:
        await self._write(turns.release_turn, turn, again_at)

    # delivering

    async def claim_delivery(self, worker: str, conversation_id: str) -> Delivery | None:
        return await self._write(deliveries.claim_delivery, worker, conversation_id)

    async def settle_delivery(self, delivery: Delivery, end: DeliveryEnd) -> Settled:
        return await self._write(deliveries.settle_delivery, delivery, end)

    async def retry(self, message_id: str) -> Changed:
        return await self._write(deliveries.retry, message_id)

    async def decide(self, message_id: str, arrived: bool) -> Changed:
        return await self._write(deliveries.decide, message_id, arrived)

    # staff

    async def staff_message(
        self, conversation_id: str, user: str, drafts: Sequence[Draft], client_id: str | None
    ) -> Changed:
        return await self.reply(StaffReply(conversation_id, user, tuple(drafts), client_id=client_id))

    async def reply(self, reply: StaffReply) -> Changed:
        return await self._write(answers.reply, reply)

    async def staff_note(self, conversation_id: str, user: str, text: str, client_id: str | None) -> Changed:
        return await self.note(conversation_id, user, text, client_id, ())

    async def note(
        self, conversation_id: str, user: str, text: str, client_id: str | None, mentions: Sequence[str]
    ) -> Changed:
        return await self._write(answers.note, conversation_id, user, text, client_id, mentions)

    async def dismiss_suggestion(self, conversation_id: str, suggestion_id: str, user: str) -> Changed:
        return await self._write(answers.dismiss_suggestion, conversation_id, suggestion_id, user)

    async def save_translation(
        self, message_id: str, language: str, text: str, source: str | None = None
    ) -> Changed | None:
        return await self._write(answers.save_translation, message_id, language, text, source)

    async def take_over(self, conversation_id: str, user: str) -> Changed:
        return await self._write(staff.take_over, conversation_id, user)

    async def return_to_bot(self, conversation_id: str, rules: IngestRules) -> Changed:
        return await self._write(staff.return_to_bot, conversation_id, rules)

    async def resolve(self, conversation_id: str) -> Changed:
        return await self._write(staff.resolve, conversation_id)

    async def mark_read(self, conversation_id: str) -> Changed:
        return await self._write(staff.mark_read, conversation_id)

    # reading

    async def conversation(self, conversation_id: str) -> Conversation | None:
        return await self._read(reading.conversation, conversation_id)

    async def message(self, message_id: str) -> Message | None:
        return await self._read(reading.message, message_id)

    async def inbox(self, query: InboxQuery) -> InboxPage:
        return await self._read(reading.inbox, query)

    async def history(self, conversation_id: str, before: int | None, limit: int) -> HistoryPage:
        return await self._read(reading.history, conversation_id, before, limit)

    async def events_since(self, number: int, hotels: frozenset[str] | None, limit: int) -> EventPage:
        return await self._read(reading.events_since, number, hotels, limit)

    async def last_event(self) -> int:
        return await self._read(reading.last_event)

    async def conversation_for(self, hotel: str, channel: str, handle: str) -> Conversation | None:
        return await self._read(reading.conversation_for, hotel, channel, handle)

    async def turn(self, turn_id: str) -> TurnFacts | None:
        return await self._read(answers.turn, turn_id)

    async def figures(self, hotels: frozenset[str] | None, since: datetime, until: datetime) -> Sequence[Figures]:
        return await self._read(figures.figures, hotels, since, until)

    # views

    async def view(self, query: ViewQuery) -> InboxPage:
        return await self._read(views.view, query)

    async def view_counts(self, user: str, hotels: frozenset[str] | None) -> Mapping[str, int]:
        return await self._read(views.view_counts, user, hotels)

    async def labels(self, hotels: frozenset[str] | None) -> Sequence[str]:
        return await self._read(views.labels, hotels)

    # the tools of the desk

    async def set_labels(self, conversation_id: str, labels: Sequence[str]) -> Changed:
        return await self._write(tools.set_labels, conversation_id, labels)

    async def assign(self, conversation_id: str, assignee: str | None) -> Changed:
        return await self._write(tools.assign, conversation_id, assignee)

    async def snooze(self, conversation_id: str, until: datetime) -> Changed:
        return await self._write(tools.snooze, conversation_id, until)

    async def set_bot_mode(self, conversation_id: str, mode: BotMode | None) -> Changed:
        return await self._write(tools.set_bot_mode, conversation_id, mode)

    async def set_bot_back(self, conversation_id: str, at: datetime | None) -> Changed:
        return await self._write(tools.set_bot_back, conversation_id, at)

    async def acknowledge(self, conversation_id: str, user: str) -> Changed:
        return await self._write(tools.acknowledge, conversation_id, user)

    async def canned_replies(self, hotels: frozenset[str] | None) -> Sequence[CannedReply]:
        return await self._read(tools.canned_replies, hotels)

    async def save_canned(self, reply: CannedReply) -> None:
        await self._write(tools.save_canned, reply)

    async def remove_canned(self, canned_id: str) -> None:
        await self._write(tools.remove_canned, canned_id)

    # timers

    async def due_timers(self, limit: int) -> Sequence[Timer]:
        return await self._read(timers.due_timers, limit)

    async def wake_snoozed(self, conversation_id: str) -> Changed | None:
        return await self._write(timers.wake_snoozed, conversation_id)

    async def bot_back(self, conversation_id: str, rules: IngestRules) -> Changed | None:
        return await self._write(timers.bot_back, conversation_id, rules)

    async def ring(self, conversation_id: str, person: str | None, again_at: datetime | None) -> Changed | None:
        return await self._write(timers.ring, conversation_id, person, again_at)

    async def schedule(
        self, conversation_id: str, user: str, text: str, at: datetime, client_id: str | None
    ) -> tuple[Scheduled, Changed]:
        return await self._write(timers.schedule, conversation_id, user, text, at, client_id)

    async def scheduled(self, conversation_id: str) -> Sequence[Scheduled]:
        return await self._read(timers.scheduled, conversation_id)

    async def unschedule(self, scheduled_id: str) -> Changed:
        return await self._write(timers.unschedule, scheduled_id)

    async def send_scheduled(
        self, scheduled_id: str, drafts: Sequence[Draft], note: str | None = None
    ) -> Changed | None:
        return await self._write(timers.send_scheduled, scheduled_id, drafts, note)

    # people and settings

    async def add_user(self, user: User, password_hash: str) -> None:
        await self._write(people.add_user, user, password_hash)

    async def users(self) -> Sequence[User]:
        return await self._read(people.users)

    async def user(self, name: str) -> tuple[User, str] | None:
        return await self._read(people.user, name)

    async def change_user(self, name: str, role: str, hotels: frozenset[str] | None) -> None:
        await self._write(people.change_user, name, role, hotels)

    async def set_password(self, name: str, password_hash: str) -> None:
        await self._write(people.set_password, name, password_hash)

    async def set_disabled(self, name: str, disabled: bool) -> None:
        await self._write(people.set_disabled, name, disabled)

    async def open_session(self, token_hash: str, user: str, ends_at: datetime) -> None:
        await self._write(people.open_session, token_hash, user, ends_at)

    async def session(self, token_hash: str) -> User | None:
        return await self._read(people.session, token_hash)

    async def close_session(self, token_hash: str) -> None:
        await self._write(people.close_session, token_hash)

    async def settings(self) -> Mapping[str, Mapping[str, Any]]:
        return await self._read(people.settings)

    async def change_settings(self, hotel: str, values: Mapping[str, Any], user: str) -> None:
        await self._write(people.change_settings, hotel, values, user)

    async def audit(self, entry: AuditEntry) -> None:
        await self._write(people.audit, entry)

    async def audit_log(
        self, hotels: frozenset[str] | None, before: str | None, limit: int, user: str | None = None
    ) -> Sequence[AuditEntry]:
        return await self._read(people.audit_log, hotels, before, limit, user)

    # files

    async def media_due(self, limit: int) -> Sequence[MediaJob]:
        return await self._read(house.media_due, limit)

    async def save_media(
        self, job: MediaJob, content: MediaContent | None, *, url: str | None, again_at: datetime | None
    ) -> Changed | None:
        return await self._write(house.save_media, job, content, url, again_at)

    async def retry_media(self, message_id: str, position: int) -> Changed:
        return await self._write(house.retry_media, message_id, position)

    async def media(self, message_id: str, position: int) -> MediaContent | None:
        return await self._read(house.media, message_id, position)

    # the house itself

    async def claim_chore(self, name: str, every: timedelta) -> bool:
        return await self._write(house.claim_chore, name, every)

    async def watermark(self, name: str) -> datetime | None:
        return await self._read(house.watermark, name)

    async def set_watermark(self, name: str, at: datetime) -> None:
        await self._write(house.set_watermark, name, at)

    async def add_counts(self, counts: Mapping[str, float]) -> None:
        await self._write(house.add_counts, counts)

    async def counts(self) -> Mapping[str, float]:
        return await self._read(house.counts)

    async def pulse(self) -> Pulse:
        return await self._read(house.pulse)


def _commit_and_claim(tx: Transaction, turn: Turn, end: TurnEnd, deliver_as: str | None) -> Committed:
    """See `Store.commit_turn`."""
    committed = turns.commit_turn(tx, turn, end)
    if deliver_as is None or not committed.deliver:
        return committed
    return replace(committed, delivery=deliveries.claim_delivery(tx, deliver_as, turn.conversation.id))
