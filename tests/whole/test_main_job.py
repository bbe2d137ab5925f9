"""The main job, through real processes: from a guest's phone to the desk, the model, and back."""

from collections.abc import Awaitable, Callable
from typing import Any

from innbox.testing.openai_wire import OpenAIWire
from innbox.testing.twilio_wire import TwilioWire

OpenDesk = Callable[..., Awaitable[Any]]


async def test_a_guest_is_answered_by_the_bot_and_then_by_staff(
    house: Any, twilio: TwilioWire, openai: OpenAIWire, desk_at: OpenDesk, eventually: Any
) -> None:
    # Given a hotel with a web process and a worker, and Ana at the desk
    house.run("migrate")
    house.run("users", "add", "ana", "--role", "agent", "--hotel", "miramar", stdin="a long password for tests\n")
    house.run("check")
    await house.serve()
    await house.work()
    desk = await desk_at(house.url(), "ana")

    # When a guest asks
    answer = await twilio.post_inbound(f"{house.url()}/whatsapp", twilio.inbound_form(body="Is breakfast included?"))

    # Then Twilio is content, the desk hears of it, and the bot's answer leaves and is read
    assert answer == 200
    await eventually(lambda: [m for m in desk.messages("in") if m["text"] == "Is breakfast included?"])
    await eventually(lambda: [m.body for m in twilio.messages] == ["re: Is breakfast included?"])
    out = await eventually(lambda: [m for m in desk.messages("out") if m["status"] == "read"])
    assert out[0]["author"] == {"kind": "bot", "name": None}
    assert "Breakfast" in openai.requests[0].messages[0]["content"], "the model was given the hotel's facts"

    # When Ana takes over and writes
    inbox = await desk.get("/get_conversations", hotel="miramar")
    (conversation,) = inbox["conversations"]
    assert (conversation["handled_by"], conversation["unread"]) == ("bot", 1)
    taken = await desk.ask("take_over", conversation_id=conversation["id"])
    assert taken["ok"], taken
    sent = await desk.ask(
        "agent_message", conversation_id=conversation["id"], text="I have kept you a table.", client_id="c-1"
    )
    assert sent["ok"], sent

    # Then the guest has it, and a repeated click sends nothing more
    await eventually(lambda: twilio.messages[-1].body == "I have kept you a table.")
    again = await desk.ask(
        "agent_message", conversation_id=conversation["id"], text="I have kept you a table.", client_id="c-1"
    )
    assert again["ok"], again

    # When the guest writes to Ana, the bot is silent until Ana gives the conversation back
    await twilio.post_inbound(f"{house.url()}/whatsapp", twilio.inbound_form(body="And parking?"))
    await eventually(lambda: [m for m in desk.messages("in") if m["text"] == "And parking?"])
    assert len(openai.requests) == 1
    back = await desk.ask("return_to_bot", conversation_id=conversation["id"])
    assert back["ok"], back
    await eventually(lambda: twilio.messages[-1].body == "re: And parking?")

    # Then the whole story is in the history, once and in order
    history = await desk.get("/get_messages", conversation_id=conversation["id"])
    assert [(m["direction"], m["text"]) for m in history["messages"]] == [
        ("in", "Is breakfast included?"),
        ("out", "re: Is breakfast included?"),
        ("out", "I have kept you a table."),
        ("in", "And parking?"),
        ("out", "re: And parking?"),
    ]
    assert len(twilio.messages) == 3

    # And everything stops cleanly, having followed the first message through both processes by one id
    for process in house.processes:
        assert process.stop() == 0
    web, worker = (process.tail(1_000_000) for process in house.processes)
    trace = history["messages"][0]["id"]
    assert "guest message stored" in next(line for line in web.splitlines() if trace in line)
    assert [line for line in worker.splitlines() if trace in line and '"turn ended"' in line]
    assert [line for line in worker.splitlines() if trace in line and '"delivery"' in line]
    for secret in ("breakfast", "911222333", "kept you a table", "wire-token", "test-key", "a long password"):
        assert secret not in web + worker, f"{secret} is in the logs"


async def test_two_web_processes_and_two_workers_share_the_work(
    house: Any, twilio: TwilioWire, openai: OpenAIWire, desk_at: OpenDesk, eventually: Any
) -> None:
    # Given two of each, and a desk at the second web process
    house.run("migrate")
    house.run("users", "add", "ana", "--role", "admin", stdin="a long password for tests\n")
    await house.serve(0)
    await house.serve(1)
    await house.work(0)
    await house.work(1)
    desk = await desk_at(house.url(1), "ana")

    # When forty guests write to the first
    guests = [f"+35191122{number:04d}" for number in range(40)]
    for number, guest in enumerate(guests):
        form = twilio.inbound_form(body=f"question {number}", sender=guest)
        assert await twilio.post_inbound(f"{house.url(0)}/whatsapp", form) == 200

    # Then each has one answer, the desk at the other process heard of every message live, and both workers worked
    await eventually(lambda: len(twilio.messages) == 40, 30)
    assert sorted(m.body for m in twilio.messages) == sorted(f"re: question {n}" for n in range(40))
    assert {m.to for m in twilio.messages} == {f"whatsapp:{guest}" for guest in guests}
    await eventually(lambda: len(desk.messages("out")) == 40 and len(desk.messages("in")) == 40)
    shares = [process.tail(1_000_000).count('"turn ended"') for process in house.processes[2:]]
    assert sum(shares) == 40
    assert min(shares) > 0, f"one worker did everything: {shares}"
