from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from innbox import App
from innbox_faq_llm import FaqLLM, FaqSettings


def app_with(*facts: str) -> App:
    hotels: dict[str, Any] = {
        f"hotel-{number}": SimpleNamespace(name=f"Hotel {number}", facts=text) for number, text in enumerate(facts)
    }
    return cast(App, SimpleNamespace(hotels=hotels))


async def test_it_brings_one_model_under_its_own_name() -> None:
    plugin = FaqLLM("faq_llm", FaqSettings())

    (model,) = plugin.register_llms()
    async with plugin.lifespan(app_with("## Pool\n\nOpen.")):
        assert model.name == "faq_llm"


async def test_the_check_says_which_hotel_has_no_facts() -> None:
    plugin = FaqLLM("faq_llm", FaqSettings())

    assert await plugin.check_live(app_with("## Pool")) == "reads the facts of 1 hotel(s)"
    with pytest.raises(ValueError, match="no facts for Hotel 1"):
        await plugin.check_live(app_with("## Pool", " "))


@pytest.mark.parametrize("wrong", [{"min_score": 2}, {"max_chars": 0}, {"model": "x"}], ids=repr)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FaqSettings.model_validate(wrong)
