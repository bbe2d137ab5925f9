"""A guest's token: who comes back with a good one goes on, everybody else starts anew."""

from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner

from innbox_webchat.tokens import MAX_TOKEN_CHARS, Tokens

LIFE = timedelta(days=90)


class Clock(TimestampSigner):
    """A signer whose clock can be turned."""

    ahead = timedelta()

    def get_timestamp(self) -> int:
        return super().get_timestamp() + int(self.ahead.total_seconds())


@pytest.fixture
def clock() -> Clock:
    return Clock("a key for tests")


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(clock, LIFE)


def test_a_newcomer_gets_a_token_of_their_own(tokens: Tokens) -> None:
    first, second = tokens.admit("miramar", None), tokens.admit("miramar", None)

    assert first.new
    assert second.new
    assert first.handle != second.handle


def test_who_comes_back_is_the_same_guest_with_the_same_token(tokens: Tokens) -> None:
    before = tokens.admit("miramar", None)

    after = tokens.admit("miramar", before.token)

    assert after.handle == before.handle
    assert after.token == before.token
    assert not after.new


def test_an_old_token_is_renewed_on_a_visit(clock: Clock) -> None:
    clock.ahead = timedelta(days=-80)
    before = Tokens(clock, LIFE).admit("miramar", None)
    clock.ahead = timedelta()

    after = Tokens(clock, LIFE).admit("miramar", before.token)

    assert after.handle == before.handle
    assert after.token != before.token


def test_an_expired_token_starts_a_new_conversation(clock: Clock) -> None:
    clock.ahead = timedelta(days=-91)
    before = Tokens(clock, LIFE).admit("miramar", None)
    clock.ahead = timedelta()

    assert Tokens(clock, LIFE).admit("miramar", before.token).new


def test_another_hotels_token_starts_a_new_conversation(tokens: Tokens) -> None:
    before = tokens.admit("miramar", None)

    after = tokens.admit("bellavista", before.token)

    assert after.new
    assert after.handle != before.handle


def test_a_token_signed_with_another_key_is_none(tokens: Tokens) -> None:
    forged = Tokens(TimestampSigner("another key"), LIFE).admit("miramar", None)

    assert tokens.admit("miramar", forged.token).new


@pytest.mark.parametrize(
    "token", ["", "x", "miramar:1.2.3", "\ud800", "é", 7, ["a"], {"a": 1}, True, "x" * (MAX_TOKEN_CHARS + 1)]
)
def test_rubbish_is_no_error(tokens: Tokens, token: object) -> None:
    assert tokens.admit("miramar", token).new


def test_a_signed_text_without_a_handle_is_none(tokens: Tokens, clock: Clock) -> None:
    assert tokens.admit("miramar", clock.sign("miramar:").decode()).new
    assert tokens.admit("miramar", clock.sign("miramar").decode()).new
