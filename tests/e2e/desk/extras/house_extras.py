"""A plugin of a stranger's, for the tests beside it: a translator that knows few sentences by heart, what a hotel's
other software knows of a guest, and something to be done with a message."""

from collections.abc import Iterable, Sequence

from innbox import (
    Conversation,
    GuestFact,
    Message,
    MessageAction,
    ModelError,
    Panel,
    Plugin,
    PluginSettings,
    Translation,
    Translator,
    User,
    hookimpl,
)

KNOWN_BY_HEART = {
    ("Haben Sie ein Kinderbett?", "en"): "Do you have a cot?",
    ("Of course, it is free.", "de"): "Natürlich, es ist kostenlos.",
    ("Danke!", "en"): "Thank you!",
}


class Dictionary:
    """Translates between English and German, and fails for all that it does not know."""

    name = "dictionary"

    async def translate(self, text: str, source: str | None, target: str) -> Translation:
        if (text, target) not in KNOWN_BY_HEART:
            raise ModelError("It is not in the dictionary.", "unknown")
        return Translation(KNOWN_BY_HEART[text, target], "de" if target == "en" else "en")


class Maintenance:
    """Tells maintenance what a guest wrote."""

    name = "maintenance"
    label = "Tell maintenance"

    async def run(self, user: User, conversation: Conversation, message: Message) -> str:
        return f"Maintenance knows: {message.text}"


class HouseExtras(Plugin[PluginSettings]):
    """What stands beside the desk in a hotel."""

    @hookimpl
    def register_translators(self) -> Iterable[Translator]:
        return [Dictionary()]

    @hookimpl
    def register_actions(self) -> Iterable[MessageAction]:
        return [Maintenance()]

    @hookimpl
    async def guest_facts(self, conversation: Conversation) -> Sequence[GuestFact]:
        return [GuestFact("Room", "214, sea view")]

    @hookimpl
    async def desk_panels(self, conversation: Conversation) -> Sequence[Panel]:
        return [Panel("Loyalty", [("Level", "Gold")])]
