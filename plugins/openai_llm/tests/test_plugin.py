from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from innbox import App, MemoryCache, ModelError
from innbox.testing.openai_wire import OpenAIWire
from innbox_openai_llm import OpenAILLM, OpenAISettings


async def test_the_model_lives_as_long_as_the_app(openai: OpenAIWire, ask: Any) -> None:
    settings = OpenAISettings.model_validate({"api_key": "sk-test", "base_url": openai.url})
    plugin = OpenAILLM("openai_llm", settings)
    app = cast(App, SimpleNamespace(cache=MemoryCache()))

    (model,) = plugin.register_llms(app)
    async with plugin.lifespan():
        completion = await model.complete(ask("Hello"))
        line = await plugin.check_live()
    with pytest.raises(ModelError):
        await model.complete(ask("Hello"))

    assert model.name == "openai_llm"
    assert completion.text == "re: Hello"
    assert line == f"gpt-4o-mini at {openai.url}"


def test_the_key_is_not_shown() -> None:
    settings = OpenAISettings.model_validate({"api_key": "sk-secret"})

    assert "sk-secret" not in repr(OpenAILLM("openai_llm", settings).settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"api_key": "k", "base_url": "api.openai.com"},
        {"api_key": "k", "timeout_seconds": 0},
        {"api_key": "k", "x": 1},
    ],
    ids=repr,
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OpenAISettings.model_validate(wrong)
