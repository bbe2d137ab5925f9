"""Who is at the desk, who looks at what, who writes."""

import asyncio
import json
from typing import Any

import pytest

from innbox_dashboard.presence import Presence, status_of


def member(user: str, at: float, viewing: str | None = None, typing: str | None = None) -> dict[str, Any]:
    return {"user": user, "viewing": viewing, "typing": typing, "at": at}


def test_the_desk_used_last_decides() -> None:
    members = [member("ana", 1, "old", "old"), member("ana", 2, "new"), member("bo", 3, "other")]
    assert status_of("ana", members) == {"user": "ana", "online": True, "viewing": "new", "typing": "old"}
    assert status_of("eve", members) == {"user": "eve", "online": False, "viewing": None, "typing": None}


async def test_a_newcomer_learns_who_is_there_and_the_others_learn_of_them(running: Any) -> None:
    ana = await running.desk("ana")
    await ana.ask("join_conversation", {"conversation_id": running.house.miramar})
    root = await running.desk("root")
    await root.until(lambda: (root.last_status("ana") or {}).get("viewing") == running.house.miramar)
    online = {"user": "root", "online": True, "viewing": None, "typing": None}
    await ana.until(lambda: ana.last_status("root") == online)
    await root.client.disconnect()
    await ana.until(lambda: ana.last_status("root") == {**online, "online": False})


async def test_looking_and_looking_away(running: Any) -> None:
    ana, root = await running.desk("ana"), await running.desk("root")
    here = {"conversation_id": running.house.miramar}
    assert await ana.ask("join_conversation", here) == {"ok": True}
    await root.until(lambda: (root.last_status("ana") or {}).get("viewing") == running.house.miramar)
    assert await ana.ask("leave_conversation", here) == {"ok": True}
    await root.until(lambda: root.last_status("ana")["viewing"] is None)
    assert root.last_status("ana")["online"] is True


async def test_writing_ends_with_the_reply(running: Any) -> None:
    ana, root = await running.desk("ana"), await running.desk("root")
    here = {"conversation_id": running.house.miramar}
    assert await ana.ask("typing", here) == {"ok": True}
    await root.until(lambda: (root.last_status("ana") or {}).get("typing") == running.house.miramar)
    await ana.ask("agent_message", {**here, "text": "Welcome", "client_id": "1"})
    await root.until(lambda: root.last_status("ana")["typing"] is None)
    assert root.last_status("ana")["viewing"] == running.house.miramar


async def test_writing_ends_by_itself(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("innbox_dashboard.presence.TYPING_SECONDS", 0.2)
    ana, root = await running.desk("ana"), await running.desk("root")
    await ana.ask("typing", {"conversation_id": running.house.miramar})
    await root.until(lambda: (root.last_status("ana") or {}).get("typing") == running.house.miramar)
    await root.until(lambda: root.last_status("ana")["typing"] is None)


async def test_other_hotels_do_not_learn_which_conversation_is_looked_at(running: Any) -> None:
    root, bo, ana = await running.desk("root"), await running.desk("bo"), await running.desk("ana")
    await root.ask("typing", {"conversation_id": running.house.miramar})
    await ana.until(lambda: (ana.last_status("root") or {}).get("typing") == running.house.miramar)
    await bo.until(lambda: bo.last_status("root"))
    assert {status["viewing"] for status in bo.told("agent_status_update")} == {None}
    assert bo.last_status("ana") is None
    await root.ask("join_conversation", {"conversation_id": running.house.solmar})
    await bo.until(lambda: bo.last_status("root")["viewing"] == running.house.solmar)
    await ana.until(lambda: ana.last_status("root")["viewing"] is None)
    await root.until(lambda: root.last_status("root")["viewing"] == running.house.solmar)


async def test_a_second_desk_keeps_its_user_online(running: Any) -> None:
    first, second, root = await running.desk("ana"), await running.desk("ana"), await running.desk("root")
    await first.client.disconnect()
    await second.ask("join_conversation", {"conversation_id": running.house.miramar})
    await root.until(lambda: (root.last_status("ana") or {}).get("viewing") == running.house.miramar)
    assert root.last_status("ana")["online"] is True


class Told:
    """A house of which presence needs the cache and a way to speak."""

    def __init__(self, house: Any) -> None:
        self.cache = house.cache
        self.said: list[dict[str, Any]] = []

    async def emit(self, name: str, data: Any, *, room: str | None = None, to_sid: str | None = None) -> None:
        self.said.append({**data, "room": room or to_sid})


async def settled() -> None:
    """Let what runs in the background end."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_vanished_with_their_process_is_called_gone(house: Any) -> None:
    app: Any = Told(house)
    here = Presence(app)
    here.arrive("s1", "root", ["miramar"])
    await settled()
    await house.cache.put_member("presence:miramar", "s2", json.dumps(member("ana", 1)).encode(), 45)
    await here.renew()
    app.said.clear()
    await house.cache.remove_member("presence:miramar", "s2")
    await here.renew()
    assert [(said["user"], said["online"], said["room"]) for said in app.said] == [("ana", False, "hotel:miramar")]
    await here.close()


async def test_a_cache_that_forgot_makes_nobody_gone(house: Any) -> None:
    app: Any = Told(house)
    here, there = Presence(app), Presence(app)
    here.arrive("s1", "root", ["miramar"])
    there.arrive("s2", "ana", ["miramar"])
    await settled()
    await here.renew()
    await there.renew()
    app.said.clear()
    for sid in ("s1", "s2"):
        await house.cache.remove_member("presence:miramar", sid)
    await here.renew()
    await there.renew()
    await here.renew()
    assert app.said == []
    assert set(await house.cache.members("presence:miramar")) == {"s1", "s2"}
    await here.close()
    await there.close()
    assert await house.cache.members("presence:miramar") == {}


async def test_the_last_change_wins_however_fast_they_come(house: Any) -> None:
    app: Any = Told(house)
    here = Presence(app)
    here.arrive("s1", "ana", ["miramar"])
    for number in range(50):
        here.view("s1", "miramar", f"c{number}")
    await settled()
    assert app.said[-1]["viewing"] == "c49"
    assert len(app.said) < 10
    kept = json.loads((await house.cache.members("presence:miramar"))["s1"])
    assert kept["viewing"] == "c49"
    here.leave("s1")
    here.leave("s1")
    await settled()
    assert app.said[-1]["online"] is False
    await here.close()
