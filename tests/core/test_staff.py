"""What staff do at the desk: who may, what they are told where they may not, and what is kept of it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from innbox import (
    Address,
    Attachment,
    ChannelTraits,
    Conflict,
    Conversation,
    DeliveryStatus,
    Direction,
    Failure,
    HandledBy,
    Inbound,
    MediaContent,
    Message,
    MessageAction,
    NotFound,
    Plugin,
    PluginSettings,
    Refused,
    Rejected,
    TemplateOffer,
    Translation,
    Translator,
    Uncertain,
    User,
    hookimpl,
    new_id,
    now,
)
from innbox.pipeline.staff import replying, translating

STRANGER = User("eve", "admin", frozenset({"other"}))
PNG = MediaContent("image/png", b"\x89PNG\r\n\x1a\n" + bytes(20), "map.png")
PDF = MediaContent("application/pdf", b"%PDF-1.7", "menu.pdf")
LATE = TemplateOffer("HX1", "late", "en", "Hello {{1}}, stay until {{ 2 }}. {{3}}", ("1", "2"))


class Helpers(Plugin[PluginSettings]):
    """A plugin with a translator that a test may break, and an action."""

    name = "helpers"

    def __init__(self) -> None:
        super().__init__("helpers", PluginSettings())
        self.translates = True
        self.seconds = 0.0

    @hookimpl
    def register_translators(self) -> Iterable[Translator]:
        return [self]

    @hookimpl
    def register_actions(self) -> Iterable[MessageAction]:
        return [Towels()]

    async def translate(self, text: str, source: str | None, target: str) -> Translation:
        await asyncio.sleep(self.seconds)
        if not self.translates:
            raise RuntimeError("boom")
        return Translation(f"[{target}] {text}", "en")


class Towels:
    name = "towels"
    label = "Bring towels"

    async def run(self, user: User, conversation: Conversation, message: Message) -> str:
        if message.text == "crash":
            raise ZeroDivisionError
        if message.text == "none left":
            raise Refused("There are no towels left.", "no_towels")
        return f"{user.name} brings towels."


class Offering:
    """What a channel with templates has more."""

    def __init__(self) -> None:
        self.away = False

    async def __call__(self, hotel: str) -> Sequence[TemplateOffer]:
        if self.away:
            raise ConnectionError("away")
        return (LATE,)


@pytest.fixture
def helpers() -> Helpers:
    return Helpers()


@pytest.fixture
async def house(workshop: Any, helpers: Helpers) -> Any:
    """A house in which a guest has written and was answered."""
    found = await workshop(plugins=[helpers])
    found.asked = await found.guest_writes("Where are my towels?")
    found.id = found.asked.conversation_id
    await found.eventually(lambda: found.channel.texts)
    await found.add_users(ana=None, Bea="test", eve="other", gone=None)
    await found.app.accounts.disable("gone")
    return found


async def refused(doing: Awaitable[Any]) -> str:
    """Return the code with which something is refused."""
    with pytest.raises(Refused) as raised:
        await doing
    return raised.value.code


async def entries(house: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the audit log says of the conversation, the oldest first."""
    log = await house.app.desk_store.audit_log(None, None, 50)
    return [(one.user, one.action, dict(one.detail)) for one in reversed(log) if one.conversation_id == house.id]


async def message_with(house: Any, status: DeliveryStatus) -> Message:
    async def found() -> Any:
        return next((one for one in await house.history() if one.status is status), None)

    message: Message = await house.eventually(found)
    return message


# who may

ACTIONS: dict[str, Callable[[Any, User, str], Awaitable[Any]]] = {
    "reply": lambda staff, user, id: staff.reply(user, id, "Hi"),
    "note": lambda staff, user, id: staff.note(user, id, "Hi"),
    "take_over": lambda staff, user, id: staff.take_over(user, id),
    "return_to_bot": lambda staff, user, id: staff.return_to_bot(user, id),
    "resolve": lambda staff, user, id: staff.resolve(user, id),
    "mark_read": lambda staff, user, id: staff.mark_read(user, id),
    "set_labels": lambda staff, user, id: staff.set_labels(user, id, ["vip"]),
    "assign": lambda staff, user, id: staff.assign(user, id, None),
    "snooze": lambda staff, user, id: staff.snooze(user, id, now() + timedelta(hours=1)),
    "set_bot_mode": lambda staff, user, id: staff.set_bot_mode(user, id, None),
    "set_bot_back": lambda staff, user, id: staff.set_bot_back(user, id, None),
    "acknowledge": lambda staff, user, id: staff.acknowledge(user, id),
    "set_opt_out": lambda staff, user, id: staff.set_opt_out(user, id, True),
    "schedule": lambda staff, user, id: staff.schedule(user, id, "Hi", now() + timedelta(hours=1)),
    "unschedule": lambda staff, user, id: staff.unschedule(user, id, new_id()),
    "retry": lambda staff, user, id: staff.retry(user, id, new_id()),
    "decide": lambda staff, user, id: staff.decide(user, id, new_id(), True),
    "retry_media": lambda staff, user, id: staff.retry_media(user, id, new_id(), 0),
    "templates": lambda staff, user, id: staff.templates(user, id),
    "send_template": lambda staff, user, id: staff.send_template(user, id, "HX1", {}),
    "dismiss_suggestion": lambda staff, user, id: staff.dismiss_suggestion(user, id, new_id()),
    "translate": lambda staff, user, id: staff.translate(user, id, new_id(), "pt"),
    "act": lambda staff, user, id: staff.act(user, id, new_id(), "towels"),
}
OF_A_DESK = set(ACTIONS) - {
    "reply",
    "note",
    "take_over",
    "return_to_bot",
    "resolve",
    "mark_read",
    "templates",
    "send_template",
    "act",
}


def test_every_action_is_in_the_table() -> None:
    from innbox.pipeline.staff import Staff

    assert set(ACTIONS) == {name for name in dir(Staff) if not name.startswith("_")}


async def test_what_somebody_may_not_see_they_may_not_touch(house: Any) -> None:
    before = await house.conversation()

    for act in ACTIONS.values():
        for user, conversation_id in ((STRANGER, house.id), (User("ana", "admin"), new_id())):
            with pytest.raises(NotFound):
                await act(house.app.staff, user, conversation_id)

    assert await house.conversation() == before
    assert await entries(house) == []


async def test_a_plain_house_does_as_ever_and_says_what_it_cannot(workshop: Any, ana: User) -> None:
    house = await workshop(plain=True)
    message = await house.guest_writes("Hello")
    staff, id = house.app.staff, message.conversation_id
    await house.eventually(lambda: house.channel.texts)

    for name in sorted(OF_A_DESK - {"unschedule", "retry", "decide", "retry_media", "translate"}):
        assert await refused(ACTIONS[name](staff, ana, id)) == "no_desk", name
    assert await refused(staff.retry(ana, id, message.id)) == "no_desk"
    assert await refused(staff.translate(ana, id, message.id, "pt")) == "no_desk"
    assert await refused(staff.take_over(ana, id, minutes=5)) == "no_desk"
    assert await refused(staff.reply(ana, id, "", files=[PNG])) == "no_desk"

    await staff.take_over(ana, id)
    replied = await staff.reply(ana, id, "Good evening", "c1", seen_seq=0)
    await staff.note(ana, id, "Ask @Bea")
    resolved = await staff.resolve(ana, id)
    assert replied.messages[0].text == "Good evening"
    assert (resolved.conversation.handled_by, resolved.conversation.assignee) == (HandledBy.STAFF, "ana")


# hands


async def test_hands_are_in_the_audit_log(house: Any, ana: User) -> None:
    staff = house.app.staff

    await staff.take_over(ana, house.id)
    await staff.take_over(ana, house.id)  # theirs already
    await staff.assign(ana, house.id, "bea")
    await staff.return_to_bot(ana, house.id)
    await staff.reply(User("Bea", "agent"), house.id, "Coming")
    await staff.resolve(ana, house.id)

    assert await entries(house) == [
        ("ana", "take_over", {}),
        ("ana", "assign", {"assignee": "Bea"}),
        ("ana", "return_to_bot", {}),
        ("Bea", "take_over", {"by": "reply"}),
        ("ana", "resolve", {}),
    ]


async def test_a_takeover_may_be_for_a_time(house: Any, ana: User) -> None:
    changed = await house.app.staff.take_over(ana, house.id, minutes=30)

    left = changed.conversation.bot_back_at - now()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    cleared = await house.app.staff.set_bot_back(ana, house.id, None)
    assert cleared.conversation.bot_back_at is None
    for minutes in (0, 7 * 24 * 60 + 1):
        assert await refused(house.app.staff.set_bot_back(ana, house.id, minutes)) == "minutes"


@pytest.mark.parametrize("name", ["eve", "gone", "nobody", "", "x\x00"])
async def test_nobody_is_given_what_they_may_not_see(house: Any, ana: User, name: str) -> None:
    assert await refused(house.app.staff.assign(ana, house.id, name)) == "assignee"


async def test_a_colleague_is_found_whatever_the_case_and_may_be_taken_away_again(house: Any, ana: User) -> None:
    given = await house.app.staff.assign(ana, house.id, "BEA")
    taken = await house.app.staff.assign(ana, house.id, None)

    assert (given.conversation.assignee, taken.conversation.assignee) == ("Bea", None)
    assert taken.conversation.handled_by is HandledBy.STAFF


async def test_labels_are_tidied_and_bounded(house: Any, ana: User) -> None:
    labels = await house.app.staff.set_labels(ana, house.id, [" late  arrival", "vip", "vip", "late arrival"])

    assert labels.conversation.labels == ("late arrival", "vip")
    for wrong in (["x" * 41], [" "], [str(n) for n in range(21)]):
        assert await refused(house.app.staff.set_labels(ana, house.id, wrong)) == "labels"


async def test_times_lie_ahead(house: Any, ana: User) -> None:
    staff = house.app.staff

    for at in (now() - timedelta(seconds=1), now() + timedelta(days=367)):
        assert await refused(staff.snooze(ana, house.id, at)) == "time"
        assert await refused(staff.schedule(ana, house.id, "Hi", at)) == "time"


# writing


async def test_sending_is_held_where_something_came_that_the_writer_has_not_seen(house: Any, ana: User) -> None:
    await house.guest_writes("Never mind, I have found them")

    code = await refused(house.app.staff.reply(ana, house.id, "On their way!", "c1", seen_seq=house.asked.seq))
    newest = max(message.seq for message in await house.history())
    replied = await house.app.staff.reply(ana, house.id, "Good!", "c1", seen_seq=newest)

    assert code == "unseen"
    assert [message.text for message in replied.messages] == ["Good!"]


async def test_a_reply_is_refused_as_ever(house: Any, ana: User) -> None:
    staff = house.app.staff

    assert await refused(staff.reply(ana, house.id, " \n")) == "empty"
    assert await refused(staff.reply(ana, house.id, "x" * 1000)) == "too_long"
    assert await refused(staff.reply(ana, house.id, "Hi", translate_to="portuguese")) == "language"
    house.channel.traits = ChannelTraits(reply_window=timedelta(seconds=0))
    await house.guest_writes("Hello?")
    assert await refused(staff.reply(ana, house.id, "Hi")) == "window_closed"


async def test_a_reply_reaches_the_guest_in_their_language_and_both_texts_are_kept(house: Any, ana: User) -> None:
    replied = await house.app.staff.reply(ana, house.id, "On their way!", "c1", translate_to="pt")

    assert replied.translated is True
    (message,) = replied.messages
    assert (message.text, message.as_json()["original"]) == ("[pt] On their way!", "On their way!")
    assert message.as_json()["language"] == "pt"
    await house.eventually(lambda: house.channel.texts[-1] == "[pt] On their way!")


async def test_a_failing_translator_never_blocks_sending(
    house: Any, ana: User, helpers: Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpers.translates = False
    failed = await house.app.staff.reply(ana, house.id, "On their way!", "c1", translate_to="pt")
    helpers.translates, helpers.seconds = True, 60
    monkeypatch.setattr(translating, "SENDING_SECONDS", 0.1)
    late = await house.app.staff.reply(ana, house.id, "Sorry!", "c2", translate_to="pt")
    helpers.seconds = 0
    house.channel.traits = ChannelTraits(max_chars=20, max_parts=1)
    longer = await house.app.staff.reply(ana, house.id, "x" * 18, "c3", translate_to="pt")

    assert [replied.translated for replied in (failed, late, longer)] == [False, False, False]
    assert failed.messages[0].as_json()["original"] is None
    await house.eventually(lambda: house.channel.texts[-3:] == ["On their way!", "Sorry!", "x" * 18])


async def test_nobody_asked_for_a_translation(house: Any, ana: User) -> None:
    assert (await house.app.staff.reply(ana, house.id, "Hi")).translated is None


async def test_files_leave_with_the_text_and_may_leave_alone(house: Any, ana: User) -> None:
    replied = await house.app.staff.reply(ana, house.id, "Here you go", "c1", files=[PNG, PDF])
    alone = await house.app.staff.reply(ana, house.id, " ", "c2", files=[PDF])

    (message,) = replied.messages
    assert [(item.kind, item.name, item.size, item.state) for item in message.attachments] == [
        ("image", "map.png", len(PNG.data), "ready"),
        ("file", "menu.pdf", len(PDF.data), "ready"),
    ]
    assert await house.app.store.media(message.id, 1) == PDF
    assert (alone.messages[0].text, len(alone.messages[0].attachments)) == ("", 1)
    await house.eventually(lambda: len(house.channel.sent) == 3)
    sent = house.channel.sent[1]
    assert [item.url for item in sent.attachments] == [
        house.app.config.public_url + house.app.file_link(message.id, position) for position in (0, 1)
    ]


async def test_a_channel_with_one_file_a_message_gets_several_messages_once(house: Any, ana: User) -> None:
    house.channel.traits = ChannelTraits(max_chars=100, max_files=1)

    first = await house.app.staff.reply(ana, house.id, "Here you go", "c1", files=[PNG, PDF, PNG])
    again = await house.app.staff.reply(ana, house.id, "Here you go", "c1", files=[PNG, PDF, PNG])

    assert [(message.text, message.attachments[0].name) for message in first.messages] == [
        ("Here you go", "map.png"),
        ("", "menu.pdf"),
        ("", "map.png"),
    ]
    assert again.duplicate
    assert [message.id for message in again.messages] == [message.id for message in first.messages]


async def test_files_are_bounded(house: Any, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replying, "MAX_FILE_BYTES", 60)

    for files in ([PNG] * 11, [PNG] * 3, [MediaContent("image/png", b"")]):
        assert await refused(house.app.staff.reply(ana, house.id, "Hi", files=files)) == "files"


async def test_a_note_calls_colleagues_and_never_leaves_the_house(house: Any, ana: User) -> None:
    text = "@bea and @Bea2, please; mail x@ana.example, @eve and @gone"

    named = await house.app.staff.note(ana, house.id, text, "c1")
    asked = await house.app.staff.note(ana, house.id, "Look", "c2", mentions=["ANA", "nobody"])

    assert named.messages[0].as_json()["mentions"] == ["Bea"]
    assert asked.messages[0].as_json()["mentions"] == ["ana"]
    await house.app.staff.reply(ana, house.id, "Done")
    await house.eventually(lambda: house.channel.texts[-1] == "Done")
    assert not [text for text in house.channel.texts if "@" in text or "Look" in text]


async def test_a_note_is_not_empty_and_not_endless(house: Any, ana: User) -> None:
    assert await refused(house.app.staff.note(ana, house.id, " ")) == "empty"
    assert await refused(house.app.staff.note(ana, house.id, "x" * 8001)) == "too_long"


# templates and opting out


async def test_a_template_leaves_filled_in_past_the_window(house: Any, ana: User) -> None:
    house.channel.templates = Offering()
    house.channel.traits = ChannelTraits(reply_window=timedelta(seconds=0))
    await house.guest_writes("Hello?")

    changed = await house.app.staff.send_template(ana, house.id, "HX1", {"1": " Ana\n", "2": "13:00", "9": "x"}, "c1")
    again = await house.app.staff.send_template(ana, house.id, "HX1", {"1": "Ana", "2": "13:00"}, "c1")

    assert await house.app.staff.templates(ana, house.id) == (LATE,)
    assert changed.messages[0].text == "Hello Ana, stay until 13:00. {{3}}"
    assert again.duplicate
    await house.eventually(lambda: house.channel.sent[-1].template)
    sent = house.channel.sent[-1]
    assert (sent.template.content_sid, dict(sent.template.variables)) == ("HX1", {"1": "Ana", "2": "13:00"})
    assert sent.proactive
    assert ("ana", "send_template", {"template": "late"}) in await entries(house)


async def test_a_template_has_all_its_blanks(house: Any, ana: User) -> None:
    house.channel.templates = offering = Offering()
    staff = house.app.staff

    assert await refused(staff.send_template(ana, house.id, "HX1", {"1": "Ana"})) == "variables"
    assert await refused(staff.send_template(ana, house.id, "HX1", {"1": "Ana", "2": "x" * 1025})) == "variables"
    assert await refused(staff.send_template(ana, house.id, "HX2", {})) == "no_template"
    offering.away = True
    assert await refused(staff.templates(ana, house.id)) == "templates_away"


async def test_a_channel_without_templates_offers_none(house: Any, ana: User) -> None:
    assert await house.app.staff.templates(ana, house.id) == ()


async def test_who_opted_out_gets_nothing_that_they_did_not_ask_for(house: Any, ana: User) -> None:
    house.channel.templates = Offering()
    staff = house.app.staff
    later = now() + timedelta(hours=1)

    await house.guest_writes("STOP")

    assert (await house.conversation()).guest.opted_out
    assert await refused(staff.send_template(ana, house.id, "HX1", {"1": "Ana", "2": "13:00"})) == "opted_out"
    assert await refused(staff.schedule(ana, house.id, "Come again", later)) == "opted_out"
    before = len(house.channel.sent)
    await staff.reply(ana, house.id, "As you wish.")  # an answer
    await house.eventually(lambda: len(house.channel.sent) == before + 1)

    await staff.set_opt_out(ana, house.id, False)
    await staff.schedule(ana, house.id, "Come again", later)
    assert ("ana", "set_opt_out", {"out": False}) in await entries(house)


async def test_what_was_on_its_way_when_the_guest_opted_out_never_reaches_the_channel(house: Any, ana: User) -> None:
    house.channel.templates = Offering()
    claim = house.app.store.claim_delivery
    may_go = asyncio.Event()

    async def held(worker: str, conversation_id: str) -> Any:
        await may_go.wait()
        return await claim(worker, conversation_id)

    house.app.store.claim_delivery = held
    await house.app.staff.send_template(ana, house.id, "HX1", {"1": "Ana", "2": "13:00"})
    await house.guest_writes("STOP")
    before = len(house.channel.sent)

    may_go.set()

    failed = await message_with(house, DeliveryStatus.FAILED)
    assert (failed.error and failed.error.code) == "opted_out"
    assert len(house.channel.sent) == before


# deliveries


async def test_a_failed_message_gets_a_real_new_attempt(house: Any, ana: User) -> None:
    house.channel.outcomes = [Rejected(Failure("30003", "The guest's phone is off."))]
    await house.app.staff.reply(ana, house.id, "Good evening")
    failed = await message_with(house, DeliveryStatus.FAILED)

    retried = await house.app.staff.retry(ana, house.id, failed.id)

    (message,) = retried.messages
    assert (message.id, message.error) == (failed.id, None)
    await house.eventually(lambda: house.channel.texts[-1] == "Good evening")
    assert house.channel.sent[-1].message_id == failed.id
    with pytest.raises(Conflict):
        await house.app.staff.retry(ana, house.id, failed.id)
    assert ("ana", "retry", {"message": failed.id}) in await entries(house)


async def test_a_retry_that_would_fail_again_is_refused_with_the_reason(house: Any, ana: User) -> None:
    house.channel.traits = ChannelTraits(reply_window=timedelta(seconds=0.2))
    house.channel.outcomes = [Rejected(Failure("30003", "The guest's phone is off."))] * 2
    await house.guest_writes("Hello?")
    await house.app.staff.reply(ana, house.id, "Good evening")
    failed = await message_with(house, DeliveryStatus.FAILED)
    await asyncio.sleep(0.25)

    assert await refused(house.app.staff.retry(ana, house.id, failed.id)) == "window_closed"


@pytest.mark.parametrize("arrived", [True, False])
async def test_staff_decide_what_nobody_can_tell(house: Any, ana: User, arrived: bool) -> None:
    house.channel.outcomes = [Uncertain(Failure("timeout", "No answer"))]
    await house.app.staff.reply(ana, house.id, "Good evening")
    parked = await message_with(house, DeliveryStatus.PARKED)

    decided = await house.app.staff.decide(ana, house.id, parked.id, arrived)

    assert decided.messages[0].id == parked.id
    await message_with(house, DeliveryStatus.SENT)
    await house.eventually(lambda: (house.channel.texts[-1] == "Good evening") is not arrived)
    with pytest.raises(Conflict):
        await house.app.staff.decide(ana, house.id, parked.id, True)


async def test_a_failed_download_is_tried_once_more(house: Any, ana: User) -> None:
    picture = Attachment("image", "image/png", state="fetching", source="https://api.twilio.com/x")
    inbound = Inbound("test", Address("scripted", "guest-1"), new_id(), "Look", attachments=(picture,))
    message = (await house.app.ingest(inbound)).message
    (job,) = await house.app.store.media_due(5)
    with pytest.raises(Conflict):
        await house.app.staff.retry_media(ana, house.id, message.id, 0)
    await house.app.store.save_media(job, None, url=None, again_at=None)

    retried = await house.app.staff.retry_media(ana, house.id, message.id, 0)

    assert retried.messages[0].attachments[0].state == "fetching"
    assert [due.message_id for due in await house.app.store.media_due(5)] == [message.id]


async def test_a_message_of_another_conversation_is_not_found(house: Any, ana: User) -> None:
    other = await house.guest_writes("Hello", handle="guest-2")
    staff = house.app.staff

    for act in (
        staff.retry(ana, house.id, other.id),
        staff.decide(ana, house.id, other.id, True),
        staff.retry_media(ana, house.id, other.id, 0),
        staff.translate(ana, house.id, other.id, "pt"),
        staff.act(ana, house.id, other.id, "towels"),
    ):
        with pytest.raises(NotFound):
            await act


async def test_what_another_conversation_has_scheduled_is_not_called_back(house: Any, ana: User) -> None:
    other = await house.guest_writes("Hello", handle="guest-2")
    kept, _ = await house.app.staff.schedule(ana, other.conversation_id, "Hi", now() + timedelta(hours=1))

    with pytest.raises(NotFound):
        await house.app.staff.unschedule(ana, house.id, kept.id)
    assert len(await house.app.desk_store.scheduled(other.conversation_id)) == 1


# translation and plugins' actions


async def test_a_message_is_translated_when_staff_want_to_read_it(house: Any, ana: User, helpers: Helpers) -> None:
    translated = await house.app.staff.translate(ana, house.id, house.asked.id, "pt")
    helpers.translates = False
    again = await house.app.staff.translate(ana, house.id, house.asked.id, "pt")

    for changed in (translated, again):
        assert changed.messages[0].as_json()["translations"] == {"pt": "[pt] Where are my towels?"}
    assert (await refused(house.app.staff.translate(ana, house.id, house.asked.id, "de"))) == "not_translated"
    assert (await refused(house.app.staff.translate(ana, house.id, house.asked.id, "german"))) == "language"


async def test_without_a_translator_nothing_is_translated(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")

    assert await refused(house.app.staff.translate(ana, message.conversation_id, message.id, "pt")) == "no_translator"


async def test_an_action_of_a_plugin_is_done_and_kept(house: Any, ana: User) -> None:
    line = await house.app.staff.act(ana, house.id, house.asked.id, "towels")

    assert line == "ana brings towels."
    assert ("ana", "act", {"what": "towels", "message": house.asked.id}) in await entries(house)
    with pytest.raises(NotFound):
        await house.app.staff.act(ana, house.id, house.asked.id, "pillows")


@pytest.mark.parametrize(("text", "code"), [("crash", "action_failed"), ("none left", "no_towels")])
async def test_an_action_that_fails_says_so(house: Any, ana: User, text: str, code: str) -> None:
    message = await house.guest_writes(text)

    assert await refused(house.app.staff.act(ana, house.id, message.id, "towels")) == code


async def test_what_was_done_is_done_although_the_audit_log_is_away(house: Any, ana: User) -> None:
    async def away(entry: Any) -> None:
        raise RuntimeError("no room")

    house.app.desk_store.audit = away

    changed = await house.app.staff.resolve(ana, house.id)

    assert changed.conversation.status.value == "resolved"


async def test_notes_are_no_messages(house: Any, ana: User) -> None:
    await house.app.staff.note(ana, house.id, "A secret", "c1")

    directions = [message.direction for message in await house.history()]
    assert directions.count(Direction.NOTE) == 1
