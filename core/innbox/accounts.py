"""Accounts of staff: passwords, sessions that can be revoked, and the throttle at the door."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from innbox.audit import Audit
from innbox.desk import KeepsDesk
from innbox.errors import NotFound, Refused, StoreUnavailable, Throttled
from innbox.messages import User, now
from innbox.ports import Cache, Store

log = structlog.get_logger(__name__)

MIN_PASSWORD, MAX_PASSWORD = 8, 1024
WINDOW_SECONDS = 15 * 60.0
WRONG_PER_ACCOUNT = 20
WRONG_PER_ADDRESS = 60
ROLES = ("agent", "lead", "admin")
COMMAND_LINE = "(command line)"  # who it was, in the audit log, where nobody was signed in
_HASHES_AT_ONCE = 2  # argon2id takes 64 MiB and tens of milliseconds of a core each


class Accounts:
    """Signs staff in and out. Tokens are random; the store keeps their hashes alone."""

    def __init__(
        self, store: Store, cache: Cache, hasher: PasswordHasher | None = None, audit: Audit | None = None
    ) -> None:
        self._store = store
        self._cache = cache
        self._audit = audit or Audit(None)
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
        await self._audit.record(user, "sign_in", address=address)
        return token, user

    async def user_of(self, token: str | None) -> User | None:
        """Return whose living session the token opens, if any."""
        return await self._store.session(_hash(token)) if token else None

    async def sign_out(self, token: str | None) -> None:
        """End a session; an unknown token is no error."""
        if not token:
            return
        user = await self._store.session(_hash(token))
        await self._store.close_session(_hash(token))
        if user is not None:
            await self._audit.record(user, "sign_out")

    # what admins do; from the command line there is no `by`

    async def add_user(
        self, name: str, password: str, role: str, hotels: Sequence[str] | None, by: User | None = None
    ) -> User:
        """Add a user; raises `Refused` for a bad name, password or role and `Conflict` for a name that is taken."""
        name = name.strip()
        if not 1 <= len(name) <= 64 or any(ord(character) < 32 for character in name):
            raise Refused("A name has 1 to 64 characters, none of them a control character.", "name")
        user = User(name, _role(role), frozenset(hotels) if hotels else None, created_at=now())
        _check_may(by, user)
        await self._store.add_user(user, await self._hash_password(password))
        await self._record(by, "add_user", user)
        return user

    async def users(self) -> Sequence[User]:
        return await self._store.users()

    async def disable(self, name: str, by: User | None = None) -> None:
        """Disable a user and end their sessions; `NotFound` where there is none, `Refused` (`last_admin`) where an
        admin would leave the house without one."""
        user = await self._changed_by(by, name)
        await self._check_not_last(by, user)
        await self._store.set_disabled(name, True)
        await self._record(by, "disable_user", user)

    async def enable(self, name: str, by: User | None = None) -> None:
        """Let a user sign in again; `NotFound` where there is none."""
        user = await self._changed_by(by, name)
        await self._store.set_disabled(name, False)
        await self._record(by, "enable_user", user)

    async def set_password(self, name: str, password: str, by: User | None = None) -> None:
        """Set a new password and end the user's sessions; `NotFound` where there is no such user."""
        user = await self._changed_by(by, name)
        await self._store.set_password(name, await self._hash_password(password))
        await self._record(by, "set_password", user)

    async def change(self, name: str, role: str, hotels: Sequence[str] | None, by: User | None = None) -> User:
        """Set a user's role and hotels (None: all); their open sessions follow. Raises `NotFound`, and `Refused`
        (`role`, `last_admin`, `no_desk`, `forbidden`)."""
        store = self._store
        if not isinstance(store, KeepsDesk):
            raise Refused("The store of this house cannot change users.", "no_desk")
        before = await self._changed_by(by, name)
        after = replace(before, role=_role(role), hotels=frozenset(hotels) if hotels else None)
        _check_may(by, after)
        if not after.is_admin or after.hotels is not None:
            await self._check_not_last(by, before)
        await store.change_user(before.name, after.role, after.hotels)
        await self._record(by, "change_user", after)
        return after

    async def _changed_by(self, by: User | None, name: str) -> User:
        found = await self._store.user(name)
        if found is None:
            raise NotFound(f"There is no user {name}.")
        _check_may(by, found[0])
        return found[0]

    async def _check_not_last(self, by: User | None, user: User) -> None:
        """Somebody must be left who may change everything; on the command line, the house's master decides."""
        if by is None or not _rules_all(user):
            return
        if not any(_rules_all(other) for other in await self._store.users() if other.name != user.name):
            raise Refused("This is the only admin of all hotels; make another one first.", "last_admin")

    async def _record(self, by: User | None, action: str, user: User) -> None:
        hotels = sorted(user.hotels) if user.hotels is not None else None
        await self._audit.record(by or COMMAND_LINE, action, who=user.name, role=user.role, hotels=hotels)

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


def _role(role: str) -> str:
    if role not in ROLES:
        raise Refused(f"The role is one of {', '.join(ROLES)}.", "role")
    return role


def _rules_all(user: User) -> bool:
    return user.is_admin and user.hotels is None and not user.disabled


def _check_may(by: User | None, user: User) -> None:
    """Raise `Refused` (`forbidden`) where `by` may not make or change a user: who is no admin, and an admin of some
    hotels where the user may see others."""
    if by is None:
        return
    if not by.is_admin:
        raise Refused("Only an admin may change users.", "forbidden")
    if by.hotels is not None and (user.hotels is None or not user.hotels <= by.hotels):
        raise Refused("That user may see hotels that you may not.", "forbidden")


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
