"""The plugin's settings, its life, and what it says of its server."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from innbox import App, NotReady
from innbox.testing.pytest_plugin import RunInnbox
from innbox.testing.services import free_port
from innbox_redis_cache import RedisCache, RedisCacheSettings

Counted = list[tuple[str, str]]


@pytest.fixture
def errors() -> Counted:
    return []


@pytest.fixture
def app(errors: Counted) -> App:
    metrics = SimpleNamespace(provider_error=lambda plugin, code: errors.append((plugin, code)))
    return cast(App, SimpleNamespace(metrics=metrics))


def plugin(url: str, **settings: Any) -> RedisCache:
    return RedisCache("redis_cache", RedisCacheSettings.model_validate({"url": url, **settings}))


async def test_it_brings_a_cache_that_lives_as_long_as_the_app(app: App, redis_url: str, errors: Counted) -> None:
    brought = plugin(redis_url)
    cache = brought.register_cache(app)

    async with brought.lifespan():
        await cache.set("key", b"value", 60)
        found = await cache.get("key")

    assert found == b"value"
    assert await cache.get("key") is None
    assert errors == []


async def test_innbox_remembers_in_redis(run_innbox: RunInnbox, redis_url: str) -> None:
    settings = {"webchat": {}, "redis_cache": {"url": redis_url}}
    one = await run_innbox(settings)
    other = await run_innbox(settings)

    await one.app.cache.add("counter", 1, 60)

    assert await other.app.cache.add("counter", 1, 60) == 2


async def test_innbox_runs_without_its_redis(run_innbox: RunInnbox) -> None:
    innbox = await run_innbox({"webchat": {}, "redis_cache": {"url": f"redis://127.0.0.1:{free_port()}/0"}})

    await innbox.app.cache.set("key", b"value", 60)

    assert (await innbox.http.get("/readyz")).status_code == 200
    assert await innbox.app.cache.get("key") == b"value"
    metrics = (await innbox.http.get("/metrics")).text
    assert 'innbox_provider_errors_total{code="connection",plugin="redis_cache"}' in metrics


async def test_errors_are_counted_under_its_name(app: App, errors: Counted) -> None:
    brought = plugin(f"redis://127.0.0.1:{free_port()}/0")
    cache = brought.register_cache(app)

    async with brought.lifespan():
        assert await cache.get("key") is None

    assert errors == [("redis_cache", "connection")]


async def test_the_check_says_which_server_answered(app: App, redis_url: str) -> None:
    brought = plugin(redis_url)
    brought.register_cache(app)

    async with brought.lifespan():
        assert await brought.check_live() == redis_url.removeprefix("redis://").removesuffix("/0")


async def test_the_check_says_what_is_wrong_and_keeps_the_password(app: App) -> None:
    port = free_port()
    brought = plugin(f"redis://innbox:geheim@127.0.0.1:{port}/0")
    brought.register_cache(app)

    async with brought.lifespan():
        with pytest.raises(NotReady) as raised:
            await brought.check_live()

    assert str(raised.value) == f"127.0.0.1:{port} is of no use (connection): is it running, and is the url right?"


def test_the_url_is_not_shown() -> None:
    assert "geheim" not in repr(plugin("redis://:geheim@127.0.0.1/0").settings)


@pytest.mark.parametrize(
    "url", ["redis://localhost", "rediss://a:b@redis.example:6380/2", "unix:///run/redis.sock?db=1"]
)
def test_right_urls_are_taken(url: str) -> None:
    assert plugin(url).settings.url.get_secret_value() == url


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"url": ""},
        {"url": "localhost:6379"},
        {"url": "http://localhost:6379"},
        {"url": "redis://"},
        {"url": "redis://localhost:port"},
        {"url": "redis://localhost:99999"},
        {"url": "unix://"},
        {"url": "redis://localhost", "prefix": ""},
        {"url": "redis://localhost", "prefix": "a b"},
        {"url": "redis://localhost", "timeout_seconds": 0},
        {"url": "redis://localhost", "timeout": 1},
    ],
    ids=repr,
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RedisCacheSettings.model_validate(wrong)
