"""Erased is erased: export, erase, replay, backfill and restore, on both stores, and then a look into every table."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from innbox import App, FetchesMissed
from innbox.testing.running import Running, running_innbox
from innbox.testing.services import PostgresServer
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, TwilioWire

GUEST, NAME = "+351911222333", "Rui Tavares"
OTHER = "+351911000000"
QUESTION, MISSED = "Is the hammam heated?", "And the sauna, please?"
Eventually = Callable[..., Awaitable[Any]]


class Database(Protocol):
    """A store's database, as an admin sees it who backs it up."""

    plugin: dict[str, Any]

    def back_up(self) -> None: ...

    def restore(self) -> None: ...

    def everything(self) -> str:
        """Return the contents of every table as text."""
        ...


@dataclass
class SqliteFile:
    path: Path

    @property
    def plugin(self) -> dict[str, Any]:
        return {"sqlite_store": {"path": str(self.path)}}

    def back_up(self) -> None:
        shutil.copy(self.path, self.path.with_suffix(".backup"))

    def restore(self) -> None:
        shutil.copy(self.path.with_suffix(".backup"), self.path)

    def everything(self) -> str:
        """Every byte of the file, its free pages too, and the rows as text."""
        with closing(sqlite3.connect(self.path)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = [repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names]
        files = [file.read_bytes().decode("latin-1") for file in self.path.parent.glob(f"{self.path.name}*")]
        return "\n".join([*rows, *files])


@dataclass
class PostgresDatabase:
    server: PostgresServer
    url: str
    backup: str = field(default="", init=False)

    @property
    def plugin(self) -> dict[str, Any]:
        return {"postgres_store": {"url": self.url}}

    def back_up(self) -> None:
        self.backup = f"{self._name}_backup"
        self._copy(self._name, self.backup)

    def restore(self) -> None:
        self._copy(self.backup, self._name)

    def everything(self) -> str:
        with psycopg.connect(self.url) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = [
                connection.execute(SQL("SELECT t::text FROM {} AS t").format(Identifier(name))).fetchall()
                for (name,) in names
            ]
        assert len(rows) > 15
        return repr(rows)

    @property
    def _name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    def _copy(self, source: str, target: str) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(target)))
            statement = SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(Identifier(target), Identifier(source)))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        yield SqliteFile(tmp_path / "innbox.db")
        return
    url = request.getfixturevalue("database_url")
    made = PostgresDatabase(request.getfixturevalue("postgres"), url)
    yield made
    made.server.drop_database(f"{url}_backup")


class Hotel:
    """A hotel that is opened and closed, and whose admin has a command line."""

    def __init__(self, folder: Path, database: Database, twilio: TwilioWire) -> None:
        self.folder = folder
        self.database = database
        self.twilio = twilio

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Running]:
        whatsapp = {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "api_base_url": self.twilio.url,
            "numbers": {HOTEL_NUMBER: "test"},
        }
        plugins = {**self.database.plugin, "faq_llm": {}, "whatsapp_twilio": whatsapp, "dashboard": {}}
        async with running_innbox(self.folder, plugins) as innbox:
            yield innbox

    async def hears(self, innbox: Running, form: dict[str, str]) -> int:
        return await self.twilio.post_inbound(f"{innbox.url}/whatsapp", form)

    def guests(self, *arguments: str) -> str:
        """Run `innbox guests …` in a process of its own and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "innbox", "guests", *arguments, "-c", str(self.folder / "innbox.yaml")],
            env={**os.environ, "INNBOX_CONFIG": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


async def backfill(app: App) -> int:
    """Fetch back what the provider lists, as the chore does every minute; return how many messages were new."""
    channel = app.channels["whatsapp"]
    assert isinstance(channel, FetchesMissed)
    missed = await channel.fetch_missed(datetime.now(UTC) - timedelta(hours=2))
    assert {inbound.address.handle for inbound in missed} == {GUEST}, "the provider knows more than the house"
    return sum([not (await app.ingest(inbound)).duplicate for inbound in missed])


async def test_an_erased_guest_is_nowhere_and_stays_out(
    database: Database, tmp_path: Path, eventually: Eventually
) -> None:
    async with TwilioWire() as twilio:
        hotel = Hotel(tmp_path, database, twilio)
        asked = twilio.inbound_form(QUESTION, sender=GUEST, name=NAME)
        lost = twilio.inbound_form(MISSED, sender=GUEST, name=NAME)
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        twilio.receive(asked, at=an_hour_ago)

        # Given two guests who were answered, a webhook that named one of them and no hotel, and a backup
        async with hotel.open() as innbox:
            assert await hotel.hears(innbox, asked) == 200
            assert await hotel.hears(innbox, twilio.inbound_form("Mine", sender=OTHER, name="Ana")) == 200
            elsewhere = twilio.inbound_form("Hammam?", sender=GUEST, to="+15005550006")
            assert await hotel.hears(innbox, elsewhere) == 200
            await eventually(lambda: {message.to for message in twilio.messages} >= {f"whatsapp:{GUEST}"})
            await eventually(lambda: all(message.status == "read" for message in twilio.messages))
        twilio.received = [message for message in twilio.received if message.sender.endswith(GUEST)]
        database.back_up()
        needles = (GUEST[1:], NAME, "Tavares", "ammam", "heated", "sauna", *(f["MessageSid"] for f in (asked, lost)))
        known = database.everything()
        assert all(needle in known for needle in needles if needle not in ("sauna", lost["MessageSid"]))

        # When a message of hers is missed, and she asks for her data and then for the end of it
        twilio.receive(lost, at=an_hour_ago + timedelta(minutes=1))
        async with hotel.open() as innbox:
            app = innbox.app
            before = await app.store.last_event()
            copy = json.loads(hotel.guests("export", "whatsapp", GUEST, "--hotel", "test"))
            assert QUESTION in [message["text"] for message in copy["conversations"][0]["messages"]]
            assert "Erased" in hotel.guests("erase", "whatsapp", GUEST, "--hotel", "test", "--yes")
            hotel.guests("erased", "-o", str(tmp_path / "erasures.jsonl"))

            # Then the desk hears of it, and neither a replay nor the provider's list brings anything back
            events = (await app.store.events_since(before, None, 10)).events
            gone = {"id": copy["conversations"][0]["id"], "event": before + 1}
            assert [(event.name, event.payload) for event in events] == [("conversation_gone", gone)]
            assert await hotel.hears(innbox, asked) == 200
            assert await backfill(app) == 0
            assert await app.store.last_event() == before + 1
        assert [needle for needle in needles if needle in database.everything()] == []
        list_of_erasures = (tmp_path / "erasures.jsonl").read_text()
        assert [needle for needle in (*needles, gone["id"]) if needle in list_of_erasures] == []

        # When the backup is restored, she is back in it, until the list is applied
        database.restore()
        assert QUESTION in database.everything()
        printed = hotel.guests("erase", "--from", str(tmp_path / "erasures.jsonl"))
        assert printed == "1 erasure kept; 1 guest had come back and was erased.\n"

        # Then she is nowhere again and stays out, and the other guest is as before
        async with hotel.open() as innbox:
            assert await hotel.hears(innbox, asked) == 200
            assert await backfill(innbox.app) == 0
            assert await innbox.app.store.conversation_for("test", "whatsapp", GUEST) is None
            assert await innbox.app.store.conversation_for("test", "whatsapp", OTHER) is not None
        assert [needle for needle in needles if needle in database.everything()] == []

        # And who writes anew is a new guest
        async with hotel.open() as innbox:
            assert await hotel.hears(innbox, twilio.inbound_form("Hello again", sender=GUEST)) == 200
            again = await innbox.app.store.conversation_for("test", "whatsapp", GUEST)
            assert again is not None
            assert again.guest.id != copy["guest"]["id"]


async def test_a_desk_at_another_process_hears_of_it_live(
    house: Any, twilio: TwilioWire, desk_at: Any, eventually: Eventually
) -> None:
    # Given the production house and a guest, with a desk that is open and does not ask for events
    house.run("migrate")
    house.run("users", "add", "ana", "--role", "agent", stdin="a long password for tests\n")
    await house.serve()
    assert await twilio.post_inbound(f"{house.url()}/whatsapp", twilio.inbound_form(QUESTION, sender=GUEST)) == 200
    desk = await desk_at(house.url(), "ana")
    heard: list[dict[str, Any]] = []
    desk.socket.on("conversation_gone", heard.append)
    (conversation,) = (await desk.get("/get_conversations"))["conversations"]

    # When the guest is erased at the command line
    house.run("guests", "erase", "whatsapp", GUEST, "--yes")

    # Then the desk is told, and lists and messages are gone at once
    await eventually(lambda: [one["id"] for one in heard] == [conversation["id"]])
    inbox = await desk.get("/get_conversations")
    assert (inbox["conversations"], inbox["last_event"]) == ([], heard[0]["event"])
    assert (await desk.http.get("/get_messages", params={"conversation_id": conversation["id"]})).status_code == 404
    synced = await desk.ask("sync", since=0)
    assert [event["name"] for event in synced["events"]] == ["conversation_gone"]
    assert synced["events"][0]["data"] == heard[0]
