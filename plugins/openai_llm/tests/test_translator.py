"""Translation by the model, which says in which language a text was."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from innbox import ModelError, Translation, Usage, WritesTexts
from innbox.testing.openai_wire import OpenAIWire
from innbox_openai_llm import OpenAILLM, OpenAISettings
from innbox_openai_llm.model import OpenAIModel
from innbox_openai_llm.translator import OpenAITranslator

Spent = list[tuple[str, float, Usage]]


@pytest.fixture
def spent() -> Spent:
    return []


@pytest.fixture
def translator(open_model: Callable[..., OpenAIModel], spent: Spent) -> OpenAITranslator:
    model = open_model(prices={"prompt": 1.0, "completion": 2.0})
    return OpenAITranslator("openai_llm", model, lambda *call: spent.append(call))


async def test_a_text_comes_back_in_the_other_language_with_its_own(
    translator: OpenAITranslator, openai: OpenAIWire, spent: Spent
) -> None:
    found = await translator.translate("[de] Guten Abend", None, "pt")

    assert found == Translation("[pt] Guten Abend", "de")
    (request,) = openai.tasks
    assert request.body["response_format"] == {"type": "json_object"}
    assert request.last_user_text == "[de] Guten Abend"
    ((model, seconds, usage),) = spent
    assert model == "gpt-4o-mini"
    assert seconds > 0
    assert usage.cost_usd is not None


async def test_a_text_in_the_right_language_stays_as_it_was(translator: OpenAITranslator) -> None:
    text = "Hello,\n  see you at 12:30 👋"

    assert await translator.translate(text, None, "en") == Translation(text, "en")


async def test_what_is_known_of_the_source_is_told(translator: OpenAITranslator, openai: OpenAIWire) -> None:
    await translator.translate("Hello", "en", "pt")

    assert "Source language: en" in openai.tasks[0].messages[0]["content"]


async def test_a_long_text_has_room_for_its_translation(translator: OpenAITranslator, openai: OpenAIWire) -> None:
    await translator.translate("long " * 800, None, "de")

    assert openai.tasks[0].body["max_tokens"] >= 8000


async def test_an_older_server_is_asked_without_a_format(open_model: Callable[..., OpenAIModel]) -> None:
    async with OpenAIWire(refuses=["response_format"]) as old:
        translator = OpenAITranslator("m", open_model(base_url=old.url), lambda *call: None)

        assert (await translator.translate("Hello", None, "fr")).text == "[fr] Hello"
        assert [("response_format" in request.body) for request in old.tasks] == [True, False]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('Sure!\n```json\n{"language": "DE-at", "text": " Good evening "}\n```', Translation("Good evening", "de")),
        ('{"language": null, "text": "Good evening"}', Translation("Good evening", None)),
        ('{"language": "german", "text": "Good evening"}', Translation("Good evening", None)),
    ],
)
async def test_odd_answers_are_read(
    translator: OpenAITranslator, monkeypatch: pytest.MonkeyPatch, answer: str, found: Translation
) -> None:
    monkeypatch.setattr("innbox.testing.openai_wire._done", lambda body: answer)

    assert await translator.translate("Guten Abend", None, "en") == found


@pytest.mark.parametrize("answer", ["Good evening", "{", "[]", '{"text": 7}', '{"text": " "}', "{}", '["text"]'])
async def test_what_is_no_translation_is_a_fault(
    translator: OpenAITranslator, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("innbox.testing.openai_wire._done", lambda body: answer)

    with pytest.raises(ModelError) as raised:
        await translator.translate("Guten Abend", None, "en")

    assert raised.value.code == "garbage"
    assert "Abend" not in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("500", "500"), ("timeout", "timeout"), ("garbage", "garbage"), ("content_filter", "content_filter")],
)
async def test_a_models_faults_are_the_translators(
    translator: OpenAITranslator, openai: OpenAIWire, fault: str, code: str
) -> None:
    openai.fail_tasks(fault)

    with pytest.raises(ModelError) as raised:
        await translator.translate("Hello", None, "de")

    assert raised.value.code == code


async def test_the_model_writes_what_it_is_told_to(open_model: Callable[..., OpenAIModel], openai: OpenAIWire) -> None:
    model = open_model(max_tokens=100)

    written = await model.write("You write a note for staff.", "Guest: Where are my towels?")

    assert isinstance(model, WritesTexts)
    assert written.text == "note: Where are my towels?"
    assert written.usage.prompt_tokens > 0
    assert openai.tasks[0].body["max_tokens"] == 100
    assert "tools" not in openai.tasks[0].body


def test_a_hotel_may_do_without(open_model: Any) -> None:
    app: Any = type("App", (), {"metrics": type("Metrics", (), {"model": None})(), "cache": None})()

    for translate, count in ((True, 1), (False, 0)):
        plugin = OpenAILLM("openai_llm", OpenAISettings(api_key=SecretStr("sk-test"), translate=translate))
        assert len(list(plugin.register_translators(app))) == count
        assert len(list(plugin.register_llms(app))) == 1
