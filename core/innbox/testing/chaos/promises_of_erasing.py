"""A promise about guests who ask for the end of what is kept of them: no replay, list or backup brings them back."""

import asyncio
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from innbox.messages import now
from innbox.ports import FetchesMissed
from innbox.testing.chaos.counting import Count, Result, marks
from innbox.testing.chaos.guests import phone
from innbox.testing.chaos.house import House, open_house
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.servers import client_program

ITS_OWN_BACKFILL_SECONDS = 65.0  # a worker looks at the provider's list every minute


async def erased_is_erased(plan: Plan) -> Result:
    """17: half of the guests are erased while the other half write; then a backup from before that is restored."""
    result = Result("17", "erased is erased")
    async with open_house(plan, openai_latency=0.02) as house:
        forms: dict[int, list[dict[str, str]]] = {}
        house.guests.on_write = lambda form: _keep(house, forms, form)
        await house.open_for_business(1)
        everybody = range(plan.guests)
        leaving = everybody[: plan.guests // 2]
        await asyncio.gather(*(house.guests.conversation(guest, 2, 0.1) for guest in everybody))
        result.expect(await house.at_rest(30.0), "the first answers did not come")
        needles = _needles(forms, leaving)
        backup = house.folder / "backup.dump"
        await _dump(house, backup)
        result.expect(not (needles - await _found(house, needles)), "the store does not hold what it should")

        staying = [guest for guest in everybody if guest not in leaving]
        talk = asyncio.gather(*(house.guests.conversation(guest, plan.each, 0.1, first=2) for guest in staying))
        erasures = await _erase(house, leaving, needles, result)
        await talk
        await _nowhere(house, forms, leaving, needles, plan, result, "erasing")

        await _close(house)
        await _restore(house, backup)
        result.expect(await _found(house, needles) == needles, "the backup did not bring them back")
        printed = await house.run("guests", "erase", "--from", str(erasures))
        result.figures["erased again after the restore"] = printed.strip()
        await house.open_for_business(1)
        await _nowhere(house, forms, leaving, needles, plan, result, "the restore")

        await asyncio.gather(*(house.guests.write(guest, 1000) for guest in leaving))
        result.expect(await house.at_rest(30.0), "who wrote anew was not answered")
        acknowledged = {marked for marked in house.guests.acknowledged if marked[0] in staying or marked[1] == 1000}
        stored = [marked for (text,) in await house.ask("stored_texts") for marked in marks(text)]
        result.count = Count(len(acknowledged), len(house.twilio.messages), len(acknowledged - set(stored)))
        result.expect_whole()
        result.expect(set(stored) == acknowledged, "something is stored that should not be")
        result.figures |= {"guests erased": len(leaving), "looked for after each": len(needles)}
    return result


def _keep(house: House, forms: dict[int, list[dict[str, str]]], form: dict[str, str]) -> None:
    """The provider's list holds what guests write, as in life; and their webhooks can be brought again."""
    house.twilio.receive(form)
    ((guest, _),) = marks(form["Body"])
    forms.setdefault(guest, []).append(form)


def _needles(forms: dict[int, list[dict[str, str]]], guests: Sequence[int]) -> set[str]:
    """Return what tells of the guests: their numbers, the ids of their messages, and their texts."""
    theirs = [form for guest in guests for form in forms[guest]]
    return {phone(guest) for guest in guests} | {form[key] for form in theirs for key in ("MessageSid", "Body")}


async def _erase(house: House, guests: Sequence[int], needles: set[str], result: Result) -> Path:
    """Export and erase the guests as an admin does; return the list of erasures."""
    exported = ""
    for guest in guests:
        copy = house.folder / f"guest-{guest}.json"
        await house.run("guests", "export", "whatsapp", phone(guest), "-o", str(copy))
        exported += copy.read_text()
        await house.run("guests", "erase", "whatsapp", phone(guest), "--yes")
    missing = sum(needle not in exported for needle in needles)
    result.expect(missing == 0, f"{missing} of {len(needles)} facts are in no export")
    erasures = house.folder / "erasures.jsonl"
    await house.run("guests", "erased", "-o", str(erasures))
    told = sum(needle in erasures.read_text() for needle in needles)
    result.expect(told == 0, f"the list of erasures tells {told} facts")
    return erasures


async def _nowhere(
    house: House,
    forms: dict[int, list[dict[str, str]]],
    guests: Sequence[int],
    needles: set[str],
    plan: Plan,
    result: Result,
    after: str,
) -> None:
    """Bring the guests' webhooks again, fetch back what the provider lists, and look into every table."""
    answers = await asyncio.gather(*(house.guests.post(form) for guest in guests for form in forms[guest]))
    result.expect(set(answers) == {200}, f"replays after {after} were answered {set(answers)}")
    channel = house.app.channels["whatsapp"]
    assert isinstance(channel, FetchesMissed)
    await asyncio.sleep(6.0)  # the youngest are left for their webhooks
    for inbound in await channel.fetch_missed(now() - timedelta(hours=1)):
        await house.app.ingest(inbound)
    if not plan.short:
        await asyncio.sleep(ITS_OWN_BACKFILL_SECONDS)
    found = await _found(house, needles)
    result.expect(not found, f"after {after}, {len(found)} of {len(needles)} facts are still there")
    result.figures[f"found after {after}"] = len(found)


async def _found(house: House, needles: set[str]) -> set[str]:
    """Return which needles a dump of the whole database holds."""
    path = house.folder / "look.sql"
    await _dump(house, path, "plain")
    text = path.read_text(errors="replace")
    return {needle for needle in needles if needle in text}


async def _dump(house: House, path: Path, form: str = "custom") -> None:
    await _program("pg_dump", f"--format={form}", f"--file={path}", house.database_url)


async def _restore(house: House, backup: Path) -> None:
    """Replace the database by a backup of it."""
    await house.stop_asking()
    options = ("--clean", "--if-exists", "--single-transaction")
    await _program("pg_restore", *options, f"--dbname={house.database_url}", str(backup))


async def _program(name: str, *arguments: str) -> None:
    command = [str(client_program(name)), *arguments]
    done = await asyncio.to_thread(lambda: subprocess.run(command, capture_output=True, text=True))
    assert done.returncode == 0, done.stderr


async def _close(house: House) -> None:
    """Stop the house's processes."""
    assert house.web is not None
    await asyncio.gather(*(asyncio.to_thread(process.stop) for process in (house.web, *house.workers)))
    house.workers.clear()
