"""A hotel's facts, and a model that is asked about them."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from innbox import ChatMessage, Completion, CompletionRequest
from innbox_faq_llm.model import FaqModel

FACTS = """# Hotel Aurora

A small hotel of **20 rooms** by the river.

## Breakfast

Breakfast is served from 7:30 to 10:30 in the garden room. It is included in every rate.

## Check-in and check-out

Check-in is from 15:00, check-out until 11:00. Late check-out until 14:00 costs 30 euros.
You may leave luggage with us before check-in and after check-out.

## Pool

- Open from May to October, 9:00 to 20:00.
- Heated to 26 °C.

## Parking

The garage costs 12 euros a night. Two places have chargers for electric cars.

## Pets

Small dogs are welcome for 15 euros a night.

## Wifi

Wifi is free; the password is on the key card.

## Around the hotel

The nearest pharmacy is at Rua do Farol 4. The museum of boats is closed on Mondays. We rent bicycles for 14 euros a
day. See [the map](https://aurora.example/map).

## Airport

Lisbon airport is 35 km away. A taxi costs about 50 euros.

## House rules

Smoking is allowed on the roof terrace only.
"""

Ask = Callable[..., Awaitable[Completion]]


@pytest.fixture
def model() -> Iterator[FaqModel]:
    model = FaqModel("faq_llm", min_score=0.45, max_chars=700)
    yield model
    model.close()


@pytest.fixture
def strict() -> Iterator[FaqModel]:
    """A model that wants a question covered whole."""
    model = FaqModel("faq_llm", min_score=1.0, max_chars=700)
    yield model
    model.close()


@pytest.fixture
def facts() -> str:
    return FACTS


@pytest.fixture
def ask(model: FaqModel) -> Ask:
    """A function that asks the model a question about the facts; `said` is the dialogue before,
    `model` another one."""

    async def complete(question: str, *said: str, model: FaqModel = model, **fields: Any) -> Completion:
        roles = ("user", "assistant")
        texts = (*said, question)
        dialogue = tuple(ChatMessage(roles[(len(said) - n) % 2], text) for n, text in enumerate(texts))
        values = {
            "hotel": "Hotel Aurora",
            "system": "",
            "dialogue": dialogue,
            "question": question,
            "facts": FACTS,
            **fields,
        }
        return await model.complete(CompletionRequest(**values))

    return complete
