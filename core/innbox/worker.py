"""`innbox worker`: a process that takes wakes from the queue, sweeps the store, and runs the steps."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import structlog
import uvloop

from innbox.app import App
from innbox.collecting import settle_memory
from innbox.config import Config, load_config
from innbox.errors import NotReady
from innbox.live import RemoteLive
from innbox.logs import set_up_logs
from innbox.pipeline.runner import Runner
from innbox.queue import QueueWorker

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0
STOP_SECONDS = 25.0


def work(config_path: Path, processes: int = 1) -> int:
    """Run `processes` workers until SIGTERM or SIGINT; return the exit code.

    Raises `ConfigError`, `PluginError`, `NotReady` or `StoreUnavailable` where a worker cannot begin.
    """
    config = load_config(config_path)
    if config.queue is None:
        raise NotReady("There is no queue.url in the configuration, so the work runs inside `innbox serve`.")
    set_up_logs(config.logs.level, config.logs.format, "worker")
    if processes == 1:
        uvloop.run(run_worker(config))
        return 0
    return _supervise(config_path, processes)


async def run_worker(config: Config) -> None:
    """Be a worker until a signal asks to stop, then finish what is in flight."""
    assert config.queue is not None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = App.from_config(config)
    async with app.lifespan():
        app.live = RemoteLive(config.queue.url)
        runner = Runner(app, config.queue.slots)
        app.wakes = runner
        async with runner.running():
            queue = QueueWorker(config.queue.url, runner.wake, lambda: runner.free_slots() > 0)
            queue.begin()
            settle_memory()
            log.info("worker ready", worker=runner.worker, slots=config.queue.slots)
            await stop.wait()
            log.info("worker stops")
            await asyncio.to_thread(queue.end)
    log.info("worker stopped")


def _supervise(config_path: Path, processes: int) -> int:
    """Keep `processes` children of one worker each: a killed one is started again, a failing first start ends all."""
    command = [sys.executable, "-m", "innbox", "worker", "-c", str(config_path), "--processes", "1"]
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    children = [subprocess.Popen(command) for _ in range(processes)]  # noqa: S603 - our own program
    code = 0
    while not stopping:
        time.sleep(0.2)
        for place, child in enumerate(children):
            ended = child.poll()
            if ended is None:
                continue
            if ended > 0:  # it said why on stderr, and would say so again
                code, stopping = ended, True
                break
            log.warning("worker process ended, starting another", code=ended)
            time.sleep(RESTART_SECONDS)
            children[place] = subprocess.Popen(command)  # noqa: S603
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return code
