"""What staff write: replies with all that may come with them, templates, and notes for colleagues."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from innbox.desk import StaffReply
from innbox.errors import Conflict, Refused
from innbox.messages import (
    Attachment,
    Author,
    AuthorKind,
    Conversation,
    HandledBy,
    MediaContent,
    Template,
    TemplateOffer,
    User,
)
from innbox.pipeline.staff.acting import check_opt_out, check_window
from innbox.pipeline.staff.translating import Translating
from innbox.pipeline.wakes import Step
from innbox.ports import Changed, Draft, OffersTemplates
from innbox.text import clean_text

log = structlog.get_logger(__name__)

MAX_NOTE = 8000
MAX_FILES, MAX_FILE_BYTES = 10, 16 * 1024 * 1024
MAX_VARIABLE = 1024
TEMPLATE_SECONDS = 8.0

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]{1,64})\s*\}\}")


@dataclass(frozen=True, slots=True)
class Replied(Changed):
    """A reply's change. `translated`: whether the guest gets it in their language; None where nobody asked for it."""

    translated: bool | None = None


class Replying(Translating):
    """Reply, send a template, leave a note, put the bot's draft away."""

    async def reply(
        self,
        user: User,
        conversation_id: str,
        text: str,
        client_id: str | None = None,
        *,
        seen_seq: int | None = None,
        suggestion_id: str | None = None,
        translate_to: str | None = None,
        files: Sequence[MediaContent] = (),
    ) -> Replied:
        """Send a reply and take the conversation over.

        `seen_seq`, `suggestion_id`: see `StaffReply`. With `translate_to` the guest gets the text in that language,
        and what was written is kept beside it; where it cannot be translated soon, it leaves as it was written. A text
        may be empty where there are files. Raises `Refused` (`empty`, `too_long`, `window_closed`, `unseen`, `files`).
        """
        conversation = await self._seen_by(user, conversation_id)
        check_window(conversation)
        _check_files(files)
        drafts, translated = await self._drafts(user, conversation, text, translate_to, files)
        reply = StaffReply(conversation_id, user.name, drafts, (), client_id, seen_seq, suggestion_id)
        changed = await self._sent(user, conversation, reply, files)
        return Replied(changed.conversation, changed.messages, changed.events, changed.duplicate, translated=translated)

    async def note(
        self,
        user: User,
        conversation_id: str,
        text: str,
        client_id: str | None = None,
        *,
        mentions: Sequence[str] = (),
    ) -> Changed:
        """Leave a note for colleagues, which no channel is given. Those in `mentions`, and whoever is named as `@name`
        in it, are called. Raises `Refused` (`empty`, `too_long`)."""
        conversation = await self._seen_by(user, conversation_id)
        text = clean_text(text).strip()
        if not text:
            raise Refused("The note is empty.", "empty")
        if len(text) > MAX_NOTE:
            raise Refused(f"The note is too long: {len(text)} of {MAX_NOTE} characters.", "too_long")
        called = await self._called(conversation, text, mentions)
        if called:
            return self._told("note left", await self._desk.note(conversation_id, user.name, text, client_id, called))
        return self._told("note left", await self._app.store.staff_note(conversation_id, user.name, text, client_id))

    async def templates(self, user: User, conversation_id: str) -> Sequence[TemplateOffer]:
        """Return the templates that may be sent to the guest; none where the channel knows no templates. Raises
        `Refused` (`templates_away`) where its provider cannot be asked."""
        conversation = await self._seen_by(user, conversation_id)
        channel: object = self._channel_of(conversation)
        if not isinstance(channel, OffersTemplates):
            return ()
        try:
            async with asyncio.timeout(TEMPLATE_SECONDS):
                return await channel.templates(conversation.hotel)
        except Exception as error:
            log.warning("templates not had", channel=conversation.channel, error=type(error).__name__)
            self._app.metrics.provider_error(conversation.channel, "templates")
            raise Refused("The templates cannot be had just now. Please try again.", "templates_away") from error

    async def send_template(
        self,
        user: User,
        conversation_id: str,
        content_sid: str,
        variables: Mapping[str, str],
        client_id: str | None = None,
    ) -> Changed:
        """Send one of `templates`, filled in, and take the conversation over. Raises `Refused` (`no_template`,
        `variables`, `opted_out`)."""
        conversation = await self._seen_by(user, conversation_id)
        check_opt_out(conversation)
        offers = await self.templates(user, conversation_id)
        offer = next((offer for offer in offers if offer.content_sid == content_sid), None)
        if offer is None:
            raise Refused("There is no such template.", "no_template")
        filled = _filled(offer, variables)
        draft = Draft(
            _PLACEHOLDER.sub(lambda found: filled.get(found[1], found[0]), offer.text),
            Author(AuthorKind.STAFF, user.name),
            template=Template(content_sid, filled),
            meta={"proactive": True, "language": offer.language},
        )
        reply = StaffReply(conversation_id, user.name, (draft,), client_id=client_id)
        changed = await self._sent(user, conversation, reply, ())
        if not changed.duplicate:
            await self._app.record(user, "send_template", conversation.hotel, conversation_id, template=offer.name)
        return changed

    async def dismiss_suggestion(self, user: User, conversation_id: str, suggestion_id: str) -> Changed:
        """Put the bot's draft away."""
        await self._seen_by(user, conversation_id)
        changed = await self._desk.dismiss_suggestion(conversation_id, suggestion_id, user.name)
        return self._told("draft put away", changed)

    async def _drafts(
        self,
        user: User,
        conversation: Conversation,
        text: str,
        translate_to: str | None,
        files: Sequence[MediaContent],
    ) -> tuple[tuple[Draft, ...], bool | None]:
        """Return what leaves, without its files, and whether it is translated."""
        author = Author(AuthorKind.STAFF, user.name)
        if files and not text.strip():
            return (Draft("", author),), None
        parts = self._parts(conversation, text)
        if translate_to is None:
            return tuple(Draft(part, author) for part in parts), None
        translation = await self._translated_parts(conversation, text, translate_to)
        if translation is None:
            return tuple(Draft(part, author) for part in parts), False
        meta = {"language": translate_to}
        whole = {**meta, "original": clean_text(text).strip()}
        return tuple(Draft(part, author, meta=meta if n else whole) for n, part in enumerate(translation)), True

    async def _sent(
        self, user: User, conversation: Conversation, reply: StaffReply, files: Sequence[MediaContent]
    ) -> Changed:
        """Store a reply, and a further one for the files that its channel does not take in one message with others."""
        most = self._channel_of(conversation).traits.max_files
        changed = await self._stored(_with_files(reply, files[:most]))
        for number, begin in enumerate(range(most, len(files), most), 2):
            client_id = f"{reply.client_id}:{number}" if reply.client_id else None
            alone = StaffReply(reply.conversation_id, user.name, (Draft("", reply.drafts[0].author),), (), client_id)
            more = await self._stored(_with_files(alone, files[begin : begin + most]))
            changed = Changed(
                more.conversation,
                (*changed.messages, *more.messages),
                (*changed.events, *more.events),
                changed.duplicate and more.duplicate,
            )
        if not changed.duplicate:
            self._app.metrics.message("out", conversation.channel)
            self._app.wakes.wake(Step.DELIVER, conversation.id)
        self._told("staff replied", changed)
        taken = conversation.handled_by is HandledBy.BOT and changed.conversation.handled_by is HandledBy.STAFF
        if taken and changed.events:
            await self._app.record(user, "take_over", conversation.hotel, conversation.id, by="reply")
        return changed

    async def _stored(self, reply: StaffReply) -> Changed:
        if reply.files or self._app.desk_store is not None:
            try:
                return await self._desk.reply(reply)
            except Conflict as newer:
                raise Refused(str(newer), "unseen") from newer
        return await self._app.store.staff_message(reply.conversation_id, reply.user, reply.drafts, reply.client_id)

    async def _called(self, conversation: Conversation, text: str, mentions: Sequence[str]) -> list[str]:
        """Return the names of those whom a note calls, as they are written in their accounts."""
        if self._app.desk_store is None or not (mentions or "@" in text):
            return []
        named = {name.casefold() for name in mentions}
        lower = text.casefold()
        return [
            user.name
            for user in await self._app.store.users()
            if not user.disabled
            and user.may_see(conversation.hotel)
            and (user.name.casefold() in named or _is_named(user.name.casefold(), lower))
        ]


def _is_named(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w)@{re.escape(name)}(?!\w)", text) is not None


def _check_files(files: Sequence[MediaContent]) -> None:
    if len(files) > MAX_FILES:
        raise Refused(f"At most {MAX_FILES} files go with a message.", "files")
    if any(not file.data for file in files):
        raise Refused("A file is empty.", "files")
    if sum(len(file.data) for file in files) > MAX_FILE_BYTES:
        raise Refused(f"The files are larger than {MAX_FILE_BYTES // 1024 // 1024} MB together.", "files")


def _with_files(reply: StaffReply, files: Sequence[MediaContent]) -> StaffReply:
    if not files:
        return reply
    attachments = tuple(
        Attachment(_kind(file.content_type), file.content_type, file.name, len(file.data)) for file in files
    )
    first, *rest = reply.drafts
    return replace(reply, drafts=(replace(first, attachments=attachments), *rest), files=tuple(files))


def _kind(content_type: str) -> str:
    kind = content_type.partition("/")[0].lower()
    return kind if kind in ("image", "audio", "video") else "file"


def _filled(offer: TemplateOffer, variables: Mapping[str, str]) -> dict[str, str]:
    filled = {name: " ".join(clean_text(variables.get(name, "")).split()) for name in offer.variables}
    if not all(filled.values()):
        raise Refused("A template leaves only with all its blanks filled in.", "variables")
    if any(len(value) > MAX_VARIABLE for value in filled.values()):
        raise Refused(f"A blank takes at most {MAX_VARIABLE} characters.", "variables")
    return filled
