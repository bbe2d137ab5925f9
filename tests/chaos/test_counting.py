"""The counting that the proofs rest on: it must see what is lost, twice and out of order."""

from innbox.testing.chaos.counting import Count, Result, count, table
from innbox.testing.chaos.wires import answer_of
from innbox.testing.twilio_wire import WireMessage


def reply(ours: str, text: str) -> WireMessage:
    form = {"StatusCallback": f"http://127.0.0.1:8000/whatsapp/status?message={ours}"}
    return WireMessage(to="whatsapp:+1", sender="whatsapp:+2", body=text, form=form)


def test_what_went_well_is_counted_so() -> None:
    accepted = [reply("a", "re: #g1-0#"), reply("b", "re: #g1-1# #g1-2#"), reply("c", "re: #g2-0#")]

    found = count([(1, 0), (1, 1), (1, 2), (2, 0)], accepted)

    assert found == Count(messages=4, replies=3)


def test_a_message_in_no_reply_is_lost_unless_staff_have_it() -> None:
    acknowledged = [(1, 0), (2, 0), (3, 0)]

    found = count(acknowledged, [reply("a", "re: #g1-0#")], with_staff=["Question #g3-0#"])

    assert found.lost == 1


def test_one_message_of_ours_accepted_again_is_twice() -> None:
    found = count([(1, 0)], [reply("a", "re: #g1-0#"), reply("a", "re: #g1-0#")])

    assert found.twice == 1


def test_two_replies_to_one_message_are_twice() -> None:
    found = count([(1, 0)], [reply("a", "re: #g1-0#"), reply("b", "re: #g1-0#")])

    assert found.twice == 1


def test_a_reply_to_nothing_is_twice() -> None:
    found = count([(1, 0)], [reply("a", "re: #g1-0#"), reply("b", "re: ")])

    assert found.twice == 1


def test_an_older_message_answered_after_a_newer_one_is_out_of_order() -> None:
    found = count([(1, 0), (1, 1)], [reply("a", "re: #g1-1#"), reply("b", "re: #g1-0#")])

    assert found.disorder == 1


def test_the_model_answers_what_no_answer_holds_yet() -> None:
    dialogue = [
        {"role": "user", "content": "Question #g1-0#"},
        {"role": "user", "content": "Question #g1-1#"},
        {"role": "assistant", "content": "re: #g1-0#"},
        {"role": "user", "content": "Question #g1-2#"},
    ]

    assert answer_of({"messages": dialogue}) == "re: #g1-1# #g1-2#"


def test_a_verdict_is_red_where_something_is_wrong_and_where_nothing_was_counted() -> None:
    lost = Result("4", "a worker may die", Count(messages=9, lost=1))
    lost.expect_whole()
    nothing = Result("1", "a 200 means stored")
    nothing.expect_whole()

    assert not lost.holds
    assert not nothing.holds
    assert "BROKEN" in table([lost])
    assert "4: 1 lost" in table([lost])
