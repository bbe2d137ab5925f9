"""Guests' messages come in, and providers report on ours."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from innbox import (
    Author,
    AuthorKind,
    Changed,
    Direction,
    Draft,
    GuestRecord,
    Inbound,
    Ingested,
    IngestRules,
    StatusReport,
    marks_of,
    new_id,
    opt_out_note,
)
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Guests(Verbs):
    """The verbs of `Store` for what comes from channels, and of `KeepsDesk` for what is known of a guest."""

    async def ingest(self, inbound: Inbound, rules: IngestRules) -> Ingested:
        handles = dict.fromkeys((inbound.address, *inbound.aliases))
        window = rules.reply_window
        own_mark, address_marks = marks_of(rules.erasure_key, inbound)
        message_id = new_id()
        facts = await self._batches.value(
            "ingest",
            inbound.hotel,
            [address.channel for address in handles],
            [address.handle for address in handles],
            inbound.provider_id,
            message_id,
            new_id(),
            new_id(),
            inbound.text,
            rows.attachments_json(inbound.attachments),
            inbound.guest_name or None,
            inbound.language or None,
            inbound.sent_at,
            json.dumps(dict(inbound.raw)),
            json.dumps(dict(inbound.meta)) if inbound.meta else None,
            float(rules.wait_seconds),
            float(rules.wait_at_most_seconds),
            rules.bot_on,
            window.total_seconds() if window is not None else None,
            own_mark,
            list(address_marks),
            list(rules.urgent) or None,
            rules.ring_for,
            rules.ring_seconds,
            _notice(rules, message_id),
            rules.opts_out,
            _note(rules),
        )
        if facts.get("erased"):
            return Ingested.kept_out(inbound)
        if facts.get("duplicate"):
            return Ingested(rows.message(facts["message"]), rows.conversation(facts["conversation"]), duplicate=True)
        changed = rows.changed(facts["changed"])
        return Ingested(
            changed.messages[0],
            changed.conversation,
            duplicate=False,
            events=changed.events,
            answer_at=rows.moment(facts["answer_at"]),
        )

    async def keep_aside(self, channel: str, provider_id: str, raw: Mapping[str, Any], reason: str) -> None:
        await self._database.rows("keep_aside", channel, provider_id, json.dumps(dict(raw)), reason)

    async def report_status(self, report: StatusReport) -> Changed | None:
        failure = report.failure
        facts = await self._batches.value(
            "report_status",
            report.channel,
            rows.as_id(report.message_id),
            report.provider_id,
            report.status.value,
            failure.code if failure else None,
            failure.text if failure else None,
        )
        return replace(rows.changed(facts["changed"]), deliver=facts["deliver"]) if facts else None

    async def guest_record(self, conversation_id: str) -> GuestRecord | None:
        known = rows.as_id(conversation_id)
        facts = await self._database.value("guest_record", known) if known else None
        return rows.guest_record(facts) if facts else None

    async def set_opt_out(self, conversation_id: str, out: bool) -> Changed:
        return await self._change("set_opt_out", conversation_id, out)


def _notice(rules: IngestRules, message_id: str) -> str:
    """Return, as drafts, what the guest is told where a message is urgent. Logs follow it with the guest's message."""
    notice = Draft(rules.notice, Author(AuthorKind.BOT), meta={"trace": message_id})
    return json.dumps(rows.drafts_json([notice] if rules.notice else [], Direction.OUT))


def _note(rules: IngestRules) -> str:
    """Return, as drafts, what staff are told where the guest opts out or in."""
    notes = [] if rules.opts_out is None else [opt_out_note(rules.opts_out)]
    return json.dumps(rows.drafts_json(notes, Direction.NOTE))
