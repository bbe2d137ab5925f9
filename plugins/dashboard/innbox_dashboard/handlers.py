"""The events of a desk: what each carries, and what is done for it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from innbox import App, BotMode, Changed, NotFound, User
from innbox_dashboard import payloads
from innbox_dashboard.payloads import Payload
from innbox_dashboard.presence import Presence
from innbox_dashboard.sockets import Ack, Handler, Socket

SYNC_LIMIT = 500

Act = Callable[[Any, User, Any], Awaitable[Changed]]  # of `app.staff`, the user, and the payload

# What changes a conversation. One socket's changes are made one after the other, as they were asked for.
_CHANGES: Mapping[str, tuple[type[Payload], Act]] = {
    "take_over": (
        payloads.TakeOver,
        lambda staff, user, asked: staff.take_over(user, asked.conversation_id, asked.minutes),
    ),
    "return_to_bot": (
        payloads.OfConversation,
        lambda staff, user, asked: staff.return_to_bot(user, asked.conversation_id),
    ),
    "resolve": (payloads.OfConversation, lambda staff, user, asked: staff.resolve(user, asked.conversation_id)),
    "mark_read": (payloads.OfConversation, lambda staff, user, asked: staff.mark_read(user, asked.conversation_id)),
    "set_labels": (
        payloads.Labels,
        lambda staff, user, asked: staff.set_labels(user, asked.conversation_id, asked.labels),
    ),
    "assign": (payloads.Assign, lambda staff, user, asked: staff.assign(user, asked.conversation_id, asked.assignee)),
    "snooze": (payloads.Snooze, lambda staff, user, asked: staff.snooze(user, asked.conversation_id, asked.until)),
    "set_bot_mode": (
        payloads.Mode,
        lambda staff, user, asked: staff.set_bot_mode(
            user, asked.conversation_id, BotMode(asked.mode) if asked.mode else None
        ),
    ),
    "set_bot_back": (
        payloads.Minutes,
        lambda staff, user, asked: staff.set_bot_back(user, asked.conversation_id, asked.minutes),
    ),
    "acknowledge": (
        payloads.OfConversation,
        lambda staff, user, asked: staff.acknowledge(user, asked.conversation_id),
    ),
    "set_opt_out": (
        payloads.OptOut,
        lambda staff, user, asked: staff.set_opt_out(user, asked.conversation_id, asked.out),
    ),
    "cancel_scheduled": (
        payloads.OfScheduled,
        lambda staff, user, asked: staff.unschedule(user, asked.conversation_id, asked.scheduled_id),
    ),
    "dismiss_suggestion": (
        payloads.OfSuggestion,
        lambda staff, user, asked: staff.dismiss_suggestion(user, asked.conversation_id, asked.suggestion_id),
    ),
}
# What adds or changes a message, which is acknowledged with it.
_MESSAGES: Mapping[str, tuple[type[Payload], Act]] = {
    "send_template": (
        payloads.FromTemplate,
        lambda staff, user, asked: staff.send_template(
            user, asked.conversation_id, asked.content_sid, asked.variables, asked.client_id
        ),
    ),
    "retry_message": (
        payloads.OfMessage,
        lambda staff, user, asked: staff.retry(user, asked.conversation_id, asked.message_id),
    ),
    "decide_message": (
        payloads.Decision,
        lambda staff, user, asked: staff.decide(user, asked.conversation_id, asked.message_id, asked.arrived),
    ),
    "retry_media": (
        payloads.OfFile,
        lambda staff, user, asked: staff.retry_media(user, asked.conversation_id, asked.message_id, asked.position),
    ),
}


class Handlers:
    """Does what desks ask for. `table` has each event's payload and handler; a handler raises what the core raises."""

    def __init__(self, app: App, presence: Presence) -> None:
        self._app = app
        self._presence = presence
        self.table: Mapping[str, tuple[type[Payload], Handler]] = {
            "join_conversation": (payloads.OfConversation, self._join),
            "leave_conversation": (payloads.OfConversation, self._leave),
            "typing": (payloads.OfConversation, self._typing),
            "sync": (payloads.Since, self._sync),
            "agent_message": (payloads.Reply, _in_order(self._reply)),
            "agent_note": (payloads.Note, _in_order(self._note)),
            "schedule_message": (payloads.Schedule, _in_order(self._schedule)),
            # A translator may take its time; nothing else has to wait for it.
            "translate_message": (payloads.Translate, self._translate),
            **{name: (model, _in_order(self._doing(act, changed))) for name, (model, act) in _CHANGES.items()},
            **{name: (model, _in_order(self._doing(act, written))) for name, (model, act) in _MESSAGES.items()},
        }

    def _doing(self, act: Act, answer: Callable[[Changed], Ack]) -> Handler:
        async def do(socket: Socket, payload: Any) -> Ack:
            return answer(await act(self._app.staff, socket.user, payload))

        return do

    async def _reply(self, socket: Socket, asked: payloads.Reply) -> Ack:
        replied = await self._app.staff.reply(
            socket.user,
            asked.conversation_id,
            asked.text,
            asked.client_id,
            seen_seq=asked.seen_seq,
            suggestion_id=asked.suggestion_id,
            translate_to=asked.translate_to,
        )
        self._presence.stop_writing(socket.sid)
        return {**written(replied), "translated": replied.translated}

    async def _note(self, socket: Socket, asked: payloads.Note) -> Ack:
        changed = await self._app.staff.note(
            socket.user, asked.conversation_id, asked.text, asked.client_id, mentions=asked.mentions
        )
        self._presence.stop_writing(socket.sid)
        return written(changed)

    async def _schedule(self, socket: Socket, asked: payloads.Schedule) -> Ack:
        kept, change = await self._app.staff.schedule(
            socket.user, asked.conversation_id, asked.text, asked.at, asked.client_id
        )
        self._presence.stop_writing(socket.sid)
        return {**changed(change), "scheduled": kept.as_json()}

    async def _translate(self, socket: Socket, asked: payloads.Translate) -> Ack:
        return written(
            await self._app.staff.translate(socket.user, asked.conversation_id, asked.message_id, asked.language)
        )

    async def _join(self, socket: Socket, asked: payloads.OfConversation) -> Ack:
        self._presence.view(socket.sid, await self._hotel(socket, asked.conversation_id), asked.conversation_id)
        return {}

    async def _leave(self, socket: Socket, asked: payloads.OfConversation) -> Ack:
        await self._hotel(socket, asked.conversation_id)
        self._presence.look_away(socket.sid, asked.conversation_id)
        return {}

    async def _typing(self, socket: Socket, asked: payloads.OfConversation) -> Ack:
        self._presence.write(socket.sid, await self._hotel(socket, asked.conversation_id), asked.conversation_id)
        return {}

    async def _sync(self, socket: Socket, asked: payloads.Since) -> Ack:
        page = await self._app.store.events_since(asked.since, socket.user.hotels, SYNC_LIMIT)
        return {
            "events": [event.as_json() for event in page.events],
            "last_event": page.last_event,
            "more": page.more,
        }

    async def _hotel(self, socket: Socket, conversation_id: str) -> str:
        """Return a conversation's hotel, which never changes; `NotFound` where the user may not see it."""
        hotel = socket.hotels_of.get(conversation_id)
        if hotel is None:
            conversation = await self._app.store.conversation(conversation_id)
            hotel = conversation.hotel if conversation else None
        if hotel is None or not socket.user.may_see(hotel):
            raise NotFound("There is no such conversation.")
        socket.hotels_of[conversation_id] = hotel
        return hotel


def changed(change: Changed) -> Ack:
    """Return what is answered to a change of a conversation."""
    return {"conversation": change.conversation.as_json()}


def written(change: Changed) -> Ack:
    """Return what is answered where messages were added or changed: `message` is the first one that a text became,
    `messages` all its parts."""
    messages = [message.as_json() for message in change.messages]
    return {**changed(change), "message": messages[0] if messages else None, "messages": messages}


def _in_order(handle: Handler) -> Handler:
    async def ordered(socket: Socket, payload: Any) -> Ack:
        async with socket.in_order:
            return await handle(socket, payload)

    return ordered
