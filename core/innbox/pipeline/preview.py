"""A look at what the bot would say, without a store or a channel: for `innbox chat`."""

from collections.abc import Sequence

from innbox.app import App
from innbox.ids import new_id
from innbox.messages import (
    Author,
    AuthorKind,
    Conversation,
    ConversationStatus,
    Direction,
    Guest,
    HandledBy,
    Message,
    Turn,
    now,
)
from innbox.pipeline.thinking import Thinking
from innbox.runtime import RuntimeSettings


async def answer(app: App, hotel: str, dialogue: Sequence[tuple[str, str]]) -> str:
    """Return what the bot says after `dialogue`: pairs of `guest` or `bot` and a text, ending with the guest's.

    Nothing is stored or sent. A wish to hand over is told in brackets, with its reason.
    """
    conversation = Conversation(
        new_id(), hotel, "terminal", Guest(new_id(), None, "terminal"), ConversationStatus.OPEN, HandledBy.BOT, 1
    )
    history = tuple(
        Message(
            new_id(),
            conversation.id,
            seq,
            Direction.IN if who == "guest" else Direction.OUT,
            Author(AuthorKind.GUEST if who == "guest" else AuthorKind.BOT),
            text,
            now(),
        )
        for seq, (who, text) in enumerate(dialogue, start=1)
    )
    turn = Turn(new_id(), conversation, 1, 1, len(history), history, history[-1:])
    thought = await Thinking(app).think(turn, RuntimeSettings())
    if thought.hand_over is not None:
        return f"[handed over to staff: {thought.hand_over}]"
    return thought.text
