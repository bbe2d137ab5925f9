"""The store, as one that keeps a desk."""

from innbox import App, Conversation, KeepsDesk, NotFound, Refused, User


def desk_of(app: App) -> KeepsDesk:
    """Return the store; raises `Refused` (`no_desk`) where it keeps no desk."""
    if app.desk_store is None:
        raise Refused("The store of this house keeps nothing of that kind.", "no_desk")
    return app.desk_store


async def seen_by(app: App, user: User, conversation_id: str) -> Conversation:
    """Return a conversation; `NotFound` where the user may not see it."""
    conversation = await app.store.conversation(conversation_id)
    if conversation is None or not user.may_see(conversation.hotel):
        raise NotFound("There is no such conversation.")
    return conversation
