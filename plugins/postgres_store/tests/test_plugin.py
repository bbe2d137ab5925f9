"""The plugin: what its settings accept, and what its hooks do."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from innbox_postgres_store import PostgresStore, PostgresStoreSettings


def settings(**values: Any) -> PostgresStoreSettings:
    return PostgresStoreSettings.model_validate(values)


def test_a_url_is_enough() -> None:
    made = settings(url="postgresql://innbox@localhost/innbox")

    assert (made.pool_min, made.pool_max, made.statement_timeout_seconds) == (2, 10, 1.5)


def test_a_wrong_url_is_refused_without_a_word_of_it() -> None:
    with pytest.raises(ValidationError) as caught:
        settings(url="postgresql://innbox:hunter2@[broken/innbox")

    assert "hunter2" not in str(caught.value)
    assert "database URL" in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [{"pool_min": 5, "pool_max": 2}, {"pool_max": 0}, {"statement_timeout_seconds": 5}, {"pool": 1}],
)
def test_what_cannot_work_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(url="postgresql://localhost/innbox", **values)


async def test_the_store_works_while_the_app_does(store_url: str) -> None:
    plugin = PostgresStore("postgres_store", settings(url=SecretStr(store_url), pool_min=1))

    async with plugin.lifespan():
        await plugin.register_store().ping()
        line = await plugin.check_live()

    assert line.startswith("PostgreSQL ")
    assert line.endswith("schema up to date.")


async def test_a_check_says_what_to_run(database_url: str) -> None:
    plugin = PostgresStore("postgres_store", settings(url=SecretStr(database_url), pool_min=1))

    async with plugin.lifespan():
        assert "innbox migrate" in await plugin.check_live()
