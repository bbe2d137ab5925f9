"""The token that lets a guest's browser find its conversation again. It is signed, and stored nowhere on our side."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, TimestampSigner

from innbox import new_id

MAX_TOKEN_CHARS = 400  # far more than a token of ours has; longer ones are not even looked at
RENEW_AFTER = timedelta(days=1)  # an unchanged token on the same day lets all tabs of a guest agree on one


@dataclass(frozen=True, slots=True)
class Pass:
    """Who a guest is: the handle, and the token that proves it. `new` says that nobody has used the handle yet."""

    handle: str
    token: str
    new: bool


class Tokens:
    """Makes and reads tokens of the form `HOTEL:HANDLE.TIME.SIGNATURE`."""

    def __init__(self, signer: TimestampSigner, life: timedelta) -> None:
        self._signer = signer
        self._life = life

    def admit(self, hotel: str, token: object) -> Pass:
        """Return the pass that `token` stands for, its token renewed where it is old; a new pass where it is no good
        (bad, expired, another hotel's, no text at all)."""
        known = self._read(hotel, token)
        if known is not None:
            return known
        handle = new_id()
        return Pass(handle, self._write(hotel, handle), new=True)

    def _read(self, hotel: str, token: object) -> Pass | None:
        if not isinstance(token, str) or not token.isascii() or len(token) > MAX_TOKEN_CHARS:
            return None
        try:
            signed, at = self._signer.unsign(token, max_age=int(self._life.total_seconds()), return_timestamp=True)
        except BadSignature:
            return None
        of, _, handle = signed.decode().partition(":")
        if of != hotel or not handle:
            return None
        if datetime.now(UTC) - at > RENEW_AFTER:
            token = self._write(hotel, handle)
        return Pass(handle, token, new=False)

    def _write(self, hotel: str, handle: str) -> str:
        return self._signer.sign(f"{hotel}:{handle}").decode()
