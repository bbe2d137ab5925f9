from innbox import Snippet
from innbox_faq_llm.facts import Passage, as_text, read_facts


def test_sentences_and_items_stand_under_their_innermost_heading() -> None:
    facts = """
# Hotel Aurora
By the river. Since 1958.

## Pool
- Open in summer,
  every day.
- Heated.

### Towels ###
At reception.
"""

    assert read_facts(facts) == [
        Passage(1, "Hotel Aurora", "By the river."),
        Passage(1, "Hotel Aurora", "Since 1958."),
        Passage(2, "Pool", "Open in summer, every day.", is_item=True),
        Passage(2, "Pool", "Heated.", is_item=True),
        Passage(3, "Towels", "At reception."),
    ]


def test_a_sentence_may_run_over_lines_and_hold_points() -> None:
    facts = "## Prices\n\nThe room costs 98.50 euros\na night. From 15.00 on, rooms are ready."

    assert [passage.text for passage in read_facts(facts)] == [
        "The room costs 98.50 euros a night.",
        "From 15.00 on, rooms are ready.",
    ]


def test_markdowns_signs_are_taken_off() -> None:
    facts = "**Free** `wifi`, see [the map](https://a.example/m) and ![](https://a.example/i.png).\n<!-- not\nthis -->"

    assert [passage.text for passage in read_facts(facts)] == [
        "Free wifi, see the map (https://a.example/m) and https://a.example/i.png.",
    ]


def test_a_tables_row_becomes_its_cells() -> None:
    facts = "| Room | Price |\n| --- | ---: |\n| Suite | 215 |"

    assert "Suite, 215" in as_text(read_facts(facts))
    assert "---" not in as_text(read_facts(facts))


def test_text_above_the_first_heading_has_none() -> None:
    assert read_facts("Just a line.") == [Passage(0, "", "Just a line.")]


def test_snippets_follow_with_their_source_as_heading() -> None:
    passages = read_facts("## Pool\n\nOpen.", (Snippet("Jazz at 21:00.", "Events"), Snippet("Fog.", "Weather")))

    assert [(passage.heading, passage.text) for passage in passages[1:]] == [
        ("Events", "Jazz at 21:00."),
        ("Weather", "Fog."),
    ]
    assert len({passage.section for passage in passages}) == 3


def test_items_stand_on_lines_of_their_own() -> None:
    passages = read_facts("Two rooms. Both large:\n\n- The red one.\n- The blue one.\n\nAsk us.")

    assert as_text(passages) == "Two rooms. Both large:\n- The red one.\n- The blue one.\nAsk us."


def test_nothing_is_no_passage() -> None:
    assert read_facts("") == []
    assert read_facts("\n\n---\n# \n") == []
