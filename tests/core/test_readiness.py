"""Readiness: a webhook that would be stored decides; that nobody works, or the queue is away, is told beside."""

from pathlib import Path
from typing import Any

import pytest

from innbox import App, StoreUnavailable
from innbox.config import load_config
from innbox.metrics import Metrics
from innbox.queue import QueueWakes
from innbox.testing.running import Running, write_config
from innbox.testing.services import free_port

PLUGINS: dict[str, Any] = {"webchat": {}, "faq_llm": {}}


@pytest.fixture
async def store(tmp_path: Path) -> dict[str, Any]:
    """The settings of a store whose schema is made, in a house where no worker ever lived."""
    settings = {"sqlite_store": {"path": str(tmp_path / "store.db")}}
    app = App.from_config(load_config(write_config(tmp_path, {**PLUGINS, **settings})))
    async with app.lifespan(check_schema=False):
        await app.store.migrate()
    return settings


async def told_by(innbox: Running) -> tuple[int, dict[str, Any]]:
    answer = await innbox.http.get("/readyz")
    return answer.status_code, answer.json()


async def test_a_house_that_works_within_says_so(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)

    assert await told_by(innbox) == (200, {"ready": True, "store": "ready", "workers": "1 at work"})


async def test_without_a_worker_it_is_ready_and_says_that_nobody_answers(
    run_innbox: Any, redis_url: str, store: dict[str, Any]
) -> None:
    innbox: Running = await run_innbox({**PLUGINS, **store}, queue={"url": redis_url})

    status, told = await told_by(innbox)

    assert (status, told["ready"], told["queue"]) == (200, True, "ready")
    assert "nobody answers" in told["workers"]
    assert "innbox worker" in told["workers"]


async def test_with_the_queue_away_it_is_ready_and_says_so(run_innbox: Any, store: dict[str, Any]) -> None:
    innbox: Running = await run_innbox({**PLUGINS, **store}, queue={"url": f"redis://127.0.0.1:{free_port()}/0"})

    status, told = await told_by(innbox)

    assert (status, told["ready"]) == (200, True)
    assert told["queue"].startswith("away")


async def test_what_a_web_process_counts_reaches_the_store(
    run_innbox: Any, redis_url: str, store: dict[str, Any]
) -> None:
    settings = {**PLUGINS, **store}
    one: Running = await run_innbox(settings, queue={"url": redis_url})
    other: Running = await run_innbox(settings, queue={"url": redis_url})
    one.app.metrics.unroutable("webchat")

    for innbox in (one, other):
        assert 'innbox_unroutable_total{channel="webchat"} 1.0' in (await innbox.http.get("/metrics")).text


async def test_a_store_that_is_away_makes_it_unready_and_hides_counters(
    run_innbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    innbox: Running = await run_innbox(PLUGINS)
    innbox.app.metrics.wake_lost()

    async def away(*_: Any) -> Any:
        raise StoreUnavailable("the disk is gone")

    for verb in ("pending_migrations", "pulse", "counts", "add_counts"):
        monkeypatch.setattr(innbox.app.store, verb, away)

    status, told = await told_by(innbox)
    assert (status, told) == (503, {"ready": False, "store": "not ready: the disk is gone"})
    metrics = await innbox.http.get("/metrics")
    assert "innbox_store_up 0.0" in metrics.text
    assert "_total" not in metrics.text
    monkeypatch.undo()


async def test_a_queue_that_nobody_serves_does_not_answer() -> None:
    wakes = QueueWakes(f"redis://127.0.0.1:{free_port()}/0", Metrics())

    assert not await wakes.answers()

    wakes.close()
