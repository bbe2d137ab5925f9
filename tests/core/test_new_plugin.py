"""`innbox new-plugin`: packages that install, pass their own tests, and do what their README says."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from innbox.cli import main
from innbox.errors import Conflict, Refused
from innbox.new_plugin import KINDS, write_package
from innbox.testing.pytest_plugin import RunInnbox

HOTEL = {"name": "Hotel Miramar", "timezone": "Europe/Lisbon", "languages": ["en"], "facts": "facts.md"}
Install = Callable[[str, str], Path]


def install(name: str, kind: str, folder: Path) -> Path:
    """Write a package, with the metadata that an editable installation would leave beside it."""
    package = folder / name
    write_package(name, kind, package)
    entry_point = re.search(rf'^{name} = "(.+)"$', (package / "pyproject.toml").read_text(), re.MULTILINE)
    assert entry_point is not None
    metadata = package / f"{name}-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: innbox-{name}\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text(f"[innbox.plugins]\n{name} = {entry_point[1]}\n")
    return package


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_passes_its_own_tests(kind: str, tmp_path: Path) -> None:
    package = install("light_house2", kind, tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_is_clean_and_whole(kind: str, tmp_path: Path) -> None:
    written = write_package("lighthouse", kind, tmp_path / "lighthouse")

    relative = {str(path.relative_to(tmp_path / "lighthouse")) for path in written}
    assert {"README.md", "pyproject.toml", "innbox_lighthouse/__init__.py", "innbox_lighthouse/py.typed"} <= relative
    for path in written:
        text = path.read_text()
        assert "<<" not in text, path
        assert "NAME" not in str(path.relative_to(tmp_path))
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "120", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert linted.returncode == 0, linted.stdout


@pytest.fixture
async def outbox() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A server that takes messages, and what it took."""
    taken: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.json())
        return web.Response(status=204)

    server = web.Application()
    server.router.add_post("/", take)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/", taken
    await runner.cleanup()


async def test_the_curl_line_of_a_channels_readme_brings_an_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_innbox: RunInnbox,
    outbox: tuple[str, list[dict[str, Any]]],
) -> None:
    # Given a new channel and a new model, installed and enabled
    url, taken = outbox
    for name, kind in (("harbour", "channel"), ("pilot", "llm")):
        monkeypatch.syspath_prepend(install(name, kind, tmp_path))
    plugins = {"harbour": {"outbox_url": url}, "pilot": {}}
    innbox = await run_innbox(plugins, hotels={"miramar": HOTEL})

    # When the README's line is run as it is written, but for the port
    answer = await run_curl((tmp_path / "harbour" / "README.md").read_text(), innbox.url)

    # Then the message is stored, and the bot's answer is posted to the outbox
    assert answer.status_code == 200, answer.text
    assert answer.json()["duplicate"] is False
    async with asyncio.timeout(10):
        while not taken:
            await asyncio.sleep(0.02)
    (posted,) = taken
    assert (posted["hotel"], posted["handle"], posted["attempt"]) == ("miramar", "ana", 1)
    assert "7:30" in posted["text"]
    assert posted["message_id"]


async def run_curl(readme: str, url: str) -> httpx.Response:
    """Do what the README's `curl` line does, at another port."""
    (line,) = [line for line in readme.splitlines() if line.startswith("curl ")]
    words = shlex.split(line)
    assert words[1:3] == ["-X", "POST"]
    address = words[3].replace("http://127.0.0.1:8000", url)
    name, _, value = words[words.index("-H") + 1].partition(": ")
    body = words[words.index("-d") + 1]
    json.loads(body)
    async with httpx.AsyncClient() as client:
        return await client.post(address, headers={name: value}, content=body)


# the command


def test_the_command_writes_into_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["new-plugin", "lighthouse", "--kind", "tool"]) == 0
    assert (tmp_path / "lighthouse" / "pyproject.toml").is_file()
    assert "pip install -e ./lighthouse" in capsys.readouterr().out

    assert main(["new-plugin", "lighthouse", "--kind", "tool"]) == 1
    assert "is there already and not empty" in capsys.readouterr().err


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "lighthouse").mkdir()

    assert write_package("lighthouse", "llm", tmp_path / "lighthouse")


@pytest.mark.parametrize(
    "name", ["", "Lighthouse", "light-house", "1st", "_x", "x_", "light house", "../up", "näme", "x" * 31, "a\n"]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="cannot name a plugin"):
        write_package(name, "llm", tmp_path / "folder")

    assert not (tmp_path / "folder").exists()


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "lighthouse").write_text("mine")

    with pytest.raises(Conflict):
        write_package("lighthouse", "llm", tmp_path / "lighthouse")

    assert (tmp_path / "lighthouse").read_text() == "mine"


@pytest.mark.parametrize("name", ["none", "true", "class", "lambda"])
def test_a_word_of_python_may_be_a_name(tmp_path: Path, name: str) -> None:
    for kind in KINDS:
        for path in write_package(name, kind, tmp_path / kind):
            if path.suffix == ".py":
                compile(path.read_text(), str(path), "exec")
