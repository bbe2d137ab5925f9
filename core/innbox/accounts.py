"""Accounts of staff: passwords, sessions that can be revoked, and the throttle at the door."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from innbox.errors import NotFound, Refused, StoreUnavailable, Throttled
from innbox.messages import User, now
from innbox.ports import Cache, Store

log = structlog.get_logger(__name__)

MIN_PASSWORD, MAX_PASSWORD = 8, 1024
WINDOW_SECONDS = 15 * 60.0
WRONG_PER_ACCOUNT = 20
WRONG_PER_ADDRESS = 60
ROLES = ("agent", "admin")
_HASHES_AT_ONCE = 2  # argon2id takes 64 MiB and tens of milliseconds of a core each


class Accounts:
    """Signs staff in and out. Tokens are random; the store keeps their hashes alone."""

    def __init__(self, store: Store, cache: Cache, hasher: PasswordHasher | None = None) -> None:
        self._store = store
        self._cache = cache
        self._hasher = hasher or PasswordHasher()
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._nobody: str | None = None

    async def sign_in(self, name: str, password: str, address: str, life: timedelta | None = None) -> tuple[str, User]:
        """Return a new session's token and its user.

        Raises `Refused` (`wrong_password`: the same text and time whether or not the name exists; `too_long`) and
        `Throttled`: after 20 wrong passwords for the account, or 60 from the address, in 15 minutes. An address that
        has not guessed at the account yet always has its first try, so nobody can lock a member of staff out.
        """
        if len(password) > MAX_PASSWORD or len(name) > MAX_PASSWORD:
            raise Refused(f"A password has at most {MAX_PASSWORD} characters.", "too_long")
        keys = _Keys.of(name, address)
        await self._count_try(keys)
        try:
            user = await self._verified(name, password)
        except StoreUnavailable:
            await self._take_back(keys)
            raise
        if user is None:
            log.info("sign-in refused")
            raise Refused("Name or password is wrong.", "wrong_password")
        await self._take_back(keys)
        await self._cache.delete(keys.both)
        token = secrets.token_urlsafe(32)
        await self._store.open_session(_hash(token), user.name, now() + (life or timedelta(hours=12)))
        log.info("signed in", user=user.name)
        return token, user

    async def user_of(self, token: str | None) -> User | None:
        """Return whose living session the token opens, if any."""
        return await self._store.session(_hash(token)) if token else None

    async def sign_out(self, token: str | None) -> None:
        """End a session; an unknown token is no error."""
        if token:
            await self._store.close_session(_hash(token))

    async def add_user(self, name: str, password: str, role: str, hotels: Sequence[str] | None) -> User:
        """Add a user; raises `Refused` for a bad name, password or role and `Conflict` for a name that is taken."""
        name = name.strip()
        if not 1 <= len(name) <= 64 or any(ord(character) < 32 for character in name):
            raise Refused("A name has 1 to 64 characters, none of them a control character.")
        if role not in ROLES:
            raise Refused(f"The role is one of {', '.join(ROLES)}.")
        user = User(name, role, frozenset(hotels) if hotels else None, created_at=now())
        await self._store.add_user(user, await self._hash_password(password))
        return user

    async def users(self) -> Sequence[User]:
        return await self._store.users()

    async def disable(self, name: str) -> None:
        """Disable a user and end their sessions; `NotFound` where there is none."""
        await self._store.set_disabled(name, True)

    async def set_password(self, name: str, password: str) -> None:
        """Set a new password and end the user's sessions; `NotFound` where there is no such user."""
        if await self._store.user(name) is None:
            raise NotFound(f"There is no user {name}.")
        await self._store.set_password(name, await self._hash_password(password))

    async def _verified(self, name: str, password: str) -> User | None:
        found = await self._store.user(name)
        usable = found is not None and not found[0].disabled
        stored = found[1] if found is not None and usable else await self._hash_of_nobody()
        async with self._hashing:
            fits = await asyncio.to_thread(self._fits, stored, password)
        return found[0] if found is not None and usable and fits else None

    async def _hash_of_nobody(self) -> str:
        """A hash to compare with where there is no user, so that the answer takes the same time."""
        if self._nobody is None:
            self._nobody = await asyncio.to_thread(self._hasher.hash, secrets.token_urlsafe(16))
        return self._nobody

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _hash_password(self, password: str) -> str:
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise Refused(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", "password_length")
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _count_try(self, keys: "_Keys") -> None:
        """Count a try before its password is looked at, or a thousand at once would all be the first."""
        account, address, both = [await self._cache.add(key, 1, WINDOW_SECONDS) for key in keys.all]
        for key, too_many in (
            (keys.account, both > 1 and account > WRONG_PER_ACCOUNT),
            (keys.address, address > WRONG_PER_ADDRESS),
        ):
            if too_many:
                left = await self._cache.time_left(key)
                await self._take_back(keys)
                raise Throttled("Too many wrong passwords. Try again later.", min(left, WINDOW_SECONDS) or 1.0)

    async def _take_back(self, keys: "_Keys") -> None:
        for key in keys.all:
            await self._cache.add(key, -1, WINDOW_SECONDS)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The counters of wrong passwords: of an account, of an address, and of the one from the other."""

    account: str
    address: str
    both: str

    @property
    def all(self) -> tuple[str, str, str]:
        return self.account, self.address, self.both

    @classmethod
    def of(cls, name: str, address: str) -> "_Keys":
        account = hashlib.sha256(name.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]
        address = _network(address)
        return cls(f"sign-in:account:{account}", f"sign-in:address:{address}", f"sign-in:both:{account}:{address}")


def _network(address: str) -> str:
    """Return whom to count: an IPv4 address, or the /64 of an IPv6 one, since who has one of it has them all."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
