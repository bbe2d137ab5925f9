"""What lies in deploy/ is what the docs say, and calls commands that exist."""

import configparser
import re
from pathlib import Path

import pytest

from innbox.cli import main
from innbox.worker import STOP_SECONDS

ROOT = Path(__file__).parents[2]
RUNNING = (ROOT / "docs" / "running.md").read_text()
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def unit(file: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(file.read_text())
    return parsed


def test_there_is_a_unit_for_the_web_and_one_for_the_workers() -> None:
    assert [file.name for file in UNITS] == ["innbox-web.service", "innbox-worker.service"]


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_runs_a_command_that_exists_and_starts_it_again(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = unit(file)["Service"]
    command = service["ExecStart"].split()
    assert command[0].endswith("/innbox")

    with pytest.raises(SystemExit) as ended:
        main([command[1], "--help"])

    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(option in said for option in command if option.startswith("--"))
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) > STOP_SECONDS, "it is killed before it could have ended"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_gives_away_no_rights(file: Path) -> None:
    service = unit(file)["Service"]

    assert service["User"] == "innbox"
    assert (service["ProtectSystem"], service["NoNewPrivileges"], service["CapabilityBoundingSet"]) == (
        "strict",
        "true",
        "",
    )
    assert not any("=" in value for key, value in service.items() if key == "Environment"), "secrets are in a file"


@pytest.mark.parametrize("path", ["../deploy/prometheus/alerts.yaml", *(f"../deploy/systemd/{u.name}" for u in UNITS)])
def test_the_docs_lead_to_it(path: str) -> None:
    assert f"]({path})" in RUNNING


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "SECURITY.md"]), ids=lambda page: page.name
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
