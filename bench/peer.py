"""The peer: the design that Innbox replaces, from the benchmark kit beside this repository, where it is there.

The kit's targets are read as data (its README says how they are written); nothing of its code is used. Its
requirements go into an environment of their own under `var/bench`.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.deployment import Deployment, Ground, Program
from innbox.testing.services import free_port

ROOT = Path(__file__).parent.parent
VARIABLE = "INNBOX_BENCH_KIT"
ENVIRONMENT = ROOT / "var" / "bench" / "peer"
TARGET = "seed_stack_gevent"  # the peer at its best


def kit() -> Path | None:
    """Return the folder of the kit, or None where there is none."""
    folder = Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "bench").resolve()
    return folder if (folder / "targets" / f"{TARGET}.toml").exists() else None


class Peer:
    """The peer in one of the kit's forms."""

    def __init__(self, folder: Path, target: str = TARGET) -> None:
        self.name = "peer"
        self.embedded = False
        self._file = folder / "targets" / f"{target}.toml"
        self._data = _read(self._file)
        self._python = _python(folder / "requirements.txt")

    @property
    def history(self) -> dict[str, Any]:
        """Return how the peer's tables are filled and its pages asked for."""
        spec = dict(self._data["history"])
        return {**spec, "sql": (self._file.parent / spec["sql"]).resolve()}

    def deploy(self, ground: Ground, database_url: str) -> Deployment:
        base_url = f"http://127.0.0.1:{free_port()}"
        env = ground.environment(base_url, database_url)
        words = {
            "python": str(self._python),
            "port": str(urlsplit(base_url).port),
            "base_url": base_url,
            "database_url": database_url,
            "redis_url": ground.redis_url,
            "openai_base_url": ground.openai_url,
            "twilio_api_base": ground.twilio_url,
        }
        env |= {name: str(value).format_map(words) for name, value in self._data.get("env", {}).items()}
        cwd = (self._file.parent / self._data["directory"]).resolve()
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        programs = {
            process["name"]: Program(
                [part.format_map(words) for part in process["command"]],
                cwd,
                env,
                ground.folder / f"peer-{process['name']}.log",
            )
            for process in self._data["process"]
        }
        crashing = tuple(process["name"] for process in self._data["process"] if process.get("crash"))
        ready_path = self._data.get("ready_path", "/")
        return Deployment(ground, base_url, database_url, programs, crashing, ready_path, coalesced=False)


def _read(path: Path) -> dict[str, Any]:
    data = tomllib.loads(path.read_text())
    if "extends" not in data:
        return data
    base = _read(path.parent / data.pop("extends"))
    return {**base, **data, "env": {**base.get("env", {}), **data.get("env", {})}}


def _python(requirements: Path) -> Path:
    """Return the interpreter of the peer's environment, which is made where it is not there yet."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "made"
    if not done.exists():
        print("Setting up the peer …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(requirements)]
        subprocess.run(install, check=True)
        done.touch()
    return python
