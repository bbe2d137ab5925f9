"""Texts in both languages: what a guest wrote for staff, and what staff wrote for a guest."""

import re

from innbox.errors import Refused
from innbox.messages import Conversation, User
from innbox.pipeline.staff.acting import Acting
from innbox.pipeline.translation import translated
from innbox.ports import Changed
from innbox.text import clean_text, split_text

SENDING_SECONDS = 5.0  # a reply waits no longer for its translation
READING_SECONDS = 20.0

_LANGUAGE = re.compile(r"[a-z]{2}")


class Translating(Acting):
    """Translate a message, and what is about to leave."""

    async def translate(self, user: User, conversation_id: str, message_id: str, language: str) -> Changed:
        """Keep a message's text in a language (two letters) beside the original; the message is among the `messages`.
        Raises `Refused` (`language`, `no_translator`, `not_translated`)."""
        conversation, message = await self._message_seen_by(user, conversation_id, message_id)
        desk = self._desk
        _check_language(language)
        if not self._app.translators:
            raise Refused("No plugin here can translate.", "no_translator")
        if language in message.meta.get("translations", {}) or not message.text.strip():
            return Changed(conversation, (message,))
        found = await translated(self._app, message.text, message.meta.get("language"), language, READING_SECONDS)
        if found is None:
            raise Refused("The message could not be translated just now. Please try again.", "not_translated")
        changed = await desk.save_translation(message_id, language, found.text, found.source)
        changed = self._told("translated", changed or Changed(conversation))
        return await self._with_message(changed, message_id)

    async def _translated_parts(self, conversation: Conversation, text: str, language: str) -> list[str] | None:
        """Return a text in a language as the conversation's channel takes it; None where it cannot be had soon."""
        _check_language(language)
        found = await translated(self._app, clean_text(text).strip(), None, language, SENDING_SECONDS)
        if found is None:
            return None
        traits = self._channel_of(conversation).traits
        parts, whole = split_text(clean_text(found.text), traits.max_chars, traits.max_parts)
        return parts if whole else None


def _check_language(language: str) -> None:
    if not _LANGUAGE.fullmatch(language):
        raise Refused("A language is two small letters, such as pt.", "language")
