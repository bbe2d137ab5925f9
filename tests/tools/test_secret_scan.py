"""The scan for secrets. What it must find is put together here, so that this file holds none of it."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DIGITS = "0123456789abcdef0f1e2d3c4b5a6978"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = spec_from_file_location("secret_scan", ROOT / "tools" / "secret_scan.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("-----BEGIN " + "PRIVATE KEY-----", "private key"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "private key"),
        (f"account_sid: AC{DIGITS}", "Twilio"),
        (f"key = 'SK{DIGITS.upper()}'", "Twilio"),
        ("api_key: sk-" + DIGITS, "model"),
        ("api_key: sk-" + "proj-" + DIGITS, "model"),
        ("AKIA" + "ABCDEFGHIJ234567", "cloud"),
        ("ghp_" + DIGITS + "abcd", "cloud"),
        ("postgresql://innbox" + ":Tr0ub4dor@db/innbox", "password"),
        ("redis://" + ":Tr0ub4dor@cache", "password"),
        ("/home" + "/maria/innbox", "folder"),
        ("/Users" + "/maria/innbox", "folder"),
        ("C:" + "\\Users\\maria", "folder"),
    ],
)
def test_a_secret_is_found(tool: ModuleType, line: str, what: str) -> None:
    (found,) = tool.found_in(f"some words, {line} and more")

    assert what in found


@pytest.mark.parametrize(
    "line",
    [
        f"account_sid: AC{0:032}",
        "api_key: sk-test",
        "an sk-eleton and a task-" + DIGITS,
        "postgresql://innbox:…@localhost/innbox",
        "url: postgresql://innbox:${PASSWORD}@db/innbox",
        "redis://[user:password@]host:6379/0",
        "https://user:pass@api.twilio.com/a.jpg",
        "http://127.0.0.1:8000/a@b",
        "https://api.twilio.com@evil",
        "at /home, or in /Users",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_what_only_looks_like_one_is_not(tool: ModuleType, line: str) -> None:
    assert list(tool.found_in(line)) == []


def test_a_registry_of_one_s_own_is_found_in_lock_files_alone(tool: ModuleType) -> None:
    own = '"resolved": "https://npm.corp.example/preact/-/preact-11.2.0.tgz",'
    public = '"resolved": "https://registry.npmjs.org/preact/-/preact-11.2.0.tgz",'

    assert list(tool.found_in(own, is_lock=True)) == ["a package registry of one's own"]
    assert list(tool.found_in("--extra-index-url http://10.0.0.5:3141/root", is_lock=True))
    assert list(tool.found_in(public, is_lock=True)) == []
    assert list(tool.found_in('"url": "https://opencollective.com/preact"', is_lock=True)) == []
    assert list(tool.found_in(own)) == []


def test_files_that_git_would_take_are_scanned_and_told_without_the_secret(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = f"AC{DIGITS}"
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(".env\n")
    (tmp_path / ".env").write_text(secret)
    (tmp_path / "notes.md").write_text(f"fine\n{secret}\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff" + secret.encode())
    monkeypatch.setattr(tool, "ROOT", tmp_path)

    assert tool.main() == 1

    said = capsys.readouterr().out
    assert said.splitlines() == ["notes.md:2: an id of a Twilio account or key"]


def test_without_git_it_says_so_and_fails_nobody(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert tool.main() == 0

    assert "no git" in capsys.readouterr().err
