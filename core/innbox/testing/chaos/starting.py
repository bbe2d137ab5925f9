"""How the processes of a house are started: as commands, or, where many must start soon, as forks of a warm one."""

import asyncio
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from innbox.testing.processes import InnboxProcess


class ChaosProcess(InnboxProcess):
    """An `innbox` command in which something may go wrong: `crashing` holds the arguments of that module."""

    def __init__(
        self, *arguments: str, log: Path, crashing: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(*arguments, log=log, env=env)
        self._worker: str | None = None
        if crashing:
            self._command = [sys.executable, "-m", "innbox.testing.crashing", *crashing, "--", *arguments]

    @property
    def worker(self) -> str | None:
        """The name under which a worker makes its claims, once it is ready."""
        if self._worker is None and self.log.exists():
            found = re.search(r'"worker": "([^"]+)"', self.log.read_text(errors="replace"))
            self._worker = found[1] if found else None
        return self._worker

    async def ended(self, seconds: float) -> bool:
        """Wait until the process has ended; say whether it has."""
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return not self.running


class Start(Protocol):
    """Makes a process that is still to be started."""

    def __call__(self, *arguments: str, log: Path, crashing: Sequence[str]) -> ChaosProcess: ...


class WarmProcess(ChaosProcess):
    """The same, as a fork of a process that has imported everything: no less killable, and ready much sooner."""

    context: Any

    def start(self) -> None:
        self._process = cast("subprocess.Popen[bytes]", _Forked(self.context, self._command[2:], self.log))


class _Forked:
    """What `InnboxProcess` needs of a `Popen`."""

    def __init__(self, context: Any, command: Sequence[str], log: Path) -> None:
        self._process = context.Process(target=_run, args=(list(command), str(log)), daemon=False)
        self._process.start()
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        return cast("int | None", self._process.exitcode)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(["innbox"], timeout or 0.0)
        return cast(int, self._process.exitcode)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def warm_start() -> Start:
    """Return a way of starting that forks; the process that is forked ends with this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["innbox.testing.chaos.warm"])
    return cast(Start, type("Warm", (WarmProcess,), {"context": context}))


def _run(command: list[str], log: str) -> None:
    """Be `python -m MODULE ARGUMENT…` in a session of its own."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(output, stream)
    module, *arguments = command
    if module == "innbox":
        from innbox.cli import main
    else:
        from innbox.testing.crashing import main
    sys.exit(main(arguments))
