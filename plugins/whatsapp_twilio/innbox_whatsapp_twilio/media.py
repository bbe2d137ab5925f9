"""Downloads of guests' files, from Twilio and from nowhere else that could be turned against the house.

A webhook names the file's address, and Twilio answers that address with a redirect to its store of files. So:

- The first address is https on a host of Twilio's, or on the configured API's origin, and carries credentials only to
  the API; a redirect never does.
- Redirects are followed here, three at most, each to https.
- Names are resolved by us, addresses that are not public are refused, and the connection goes to the very address that
  was looked at: a name that changes its mind between the look and the connection gains nothing.
- Reading stops at `MOST_BYTES`, whatever was announced; compressed answers are not asked for.

What a file claims to be is passed on as the claim that it is.
"""

import ipaddress
import re
import socket
from types import TracebackType
from typing import Self

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from innbox import Attachment, InnboxError, MediaContent, Refused
from innbox_whatsapp_twilio.settings import TWILIO_API, WhatsAppTwilioSettings

log = structlog.get_logger(__name__)

MOST_BYTES = (
    16 * 1024 * 1024
)  # WhatsApp's own limit: https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages
MOST_REDIRECTS = 3
DEADLINE_SECONDS = 30.0

_TWILIO_HOSTS = re.compile(r"api\.twilio\.com|mcs(\.[a-z0-9-]+)*\.twilio\.com")
_CONTENT_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}")
_NAME = re.compile(r"[^\w .()+-]")


class PublicResolver(AbstractResolver):
    """Resolves names and gives out public addresses only, but for one origin that the configuration names."""

    def __init__(self, names: AbstractResolver, exempt: tuple[str | None, int | None]) -> None:
        self._names = names
        self._exempt = exempt

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return every address of a name; raises `Refused` where one of them is not public."""
        found = await self._names.resolve(host, port, family)
        if (host, port) != self._exempt and not all(is_public(result["host"]) for result in found):
            raise Refused("The file's address leads to a private network.", "private_address")
        return found

    async def close(self) -> None:
        await self._names.close()


class MediaDownloads:
    """Downloads for one Twilio account. Open it with `async with`; `names` resolves host names."""

    def __init__(self, settings: WhatsAppTwilioSettings, names: AbstractResolver | None = None) -> None:
        self._api = URL(settings.api_base_url)
        self._login = aiohttp.encode_basic_auth(settings.account_sid, settings.auth_token.get_secret_value())
        self._names = names
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = PublicResolver(self._names or aiohttp.ThreadedResolver(), self._exempt())
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=16),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS),
            headers={"Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def fetch(self, attachment: Attachment) -> MediaContent:
        """Return a file; raises `Refused` where it must not be had, `InnboxError` where it cannot."""
        try:
            return await self._fetch(attachment)
        except Refused as refused:
            log.warning("media refused", reason=refused.code)
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise InnboxError(f"The file could not be fetched ({type(error).__name__}).") from error

    async def _fetch(self, attachment: Attachment) -> MediaContent:
        if self._session is None:
            raise InnboxError("The connection for files is not open.")
        url = self._first(attachment.source or "")
        login: str | None = self._login
        for _ in range(MOST_REDIRECTS + 1):
            headers = {"Authorization": login} if login else {}
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status == 200:
                    return await _content(answer, attachment)
                location = answer.headers.get("Location")
                if answer.status not in (301, 302, 303, 307, 308) or not location:
                    raise InnboxError(f"The file could not be fetched: its server answered {answer.status}.")
                url, login = self._next(url, location), None
        raise Refused("The file's address redirects too often.", "too_many_redirects")

    def _first(self, source: str) -> URL:
        """Return the address to begin with, which must be Twilio's own."""
        url = self._plain(source)
        if self._is_api(url) or (url.port == 443 and _TWILIO_HOSTS.fullmatch(url.host or "")):
            return url
        raise Refused("The file's address is not Twilio's.", "foreign_host")

    def _next(self, url: URL, location: str) -> URL:
        try:
            joined = str(url.join(URL(location)))
        except ValueError:
            raise Refused("The file's address redirects to no address.", "bad_url") from None
        return self._plain(joined)

    def _plain(self, text: str) -> URL:
        """Return an address that is https (or the API's), without user, and not a private address by number."""
        try:
            url = URL(text)
            host, port = url.host, url.port
        except ValueError:
            raise Refused("The file's address is malformed.", "bad_url") from None
        if not host or port is None or url.user is not None or url.password is not None or "\\" in text:
            raise Refused("The file's address is malformed.", "bad_url")
        if self._is_api(url):
            return url
        if url.scheme != "https":
            raise Refused("The file's address is not https.", "not_https")
        if _is_number(host) and not is_public(host):
            raise Refused("The file's address leads to a private network.", "private_address")
        return url

    def _is_api(self, url: URL) -> bool:
        return (url.scheme, url.host, url.port) == (self._api.scheme, self._api.host, self._api.port)

    def _exempt(self) -> tuple[str | None, int | None]:
        """A configured origin may be private (a stand-in for tests); Twilio's own never is."""
        return (None, None) if str(self._api) == TWILIO_API else (self._api.host, self._api.port)


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet, seeing through the ways to write IPv4 as IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip)
        if within is not None:
            return is_public(str(within))
    return ip.is_global and not ip.is_multicast


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address in one of 64:ff9b::/96 (RFC 6052)."""
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in ipaddress.ip_network("64:ff9b::/96") else None


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


async def _content(answer: aiohttp.ClientResponse, attachment: Attachment) -> MediaContent:
    too_large = Refused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.", "too_large")
    if (answer.content_length or 0) > MOST_BYTES:
        raise too_large
    data = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > MOST_BYTES:
            raise too_large
    claimed = (answer.content_type or attachment.content_type or "").lower()
    disposition = answer.content_disposition
    return MediaContent(
        content_type=claimed if _CONTENT_TYPE.fullmatch(claimed) else "application/octet-stream",
        data=bytes(data),
        name=_file_name(disposition.filename if disposition else None) or attachment.name,
    )


def _file_name(name: str | None) -> str | None:
    """Return a claimed file name without folders and without anything that a file system or a page could take amiss."""
    if not name:
        return None
    last = name.replace("\\", "/").rpartition("/")[2]
    return _NAME.sub("_", last).strip(". ")[:120] or None
