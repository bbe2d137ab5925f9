"""A stand-in for Twilio's Messages and Content APIs on a real socket, for tests and for trying Innbox without an
account.

It takes messages, lists them as Twilio does, posts signed status callbacks, serves files, and plays guests who write:

    async with TwilioWire() as twilio:
        twilio.fail("429", times=1)
        ...                                              # something that sends through twilio.url
        assert [message.body for message in twilio.messages] == ["Good evening"]
        await twilio.post_inbound("http://127.0.0.1:8000/whatsapp", twilio.inbound_form(body="Hello"))

From the command line: `python -m innbox.testing.twilio_wire --port 9100`. A process of its own is steered over HTTP:
`POST /_wire/fail {"mode": "429", "times": 3}`, `POST /_wire/inbound {"body": "Hello", "url": "http://…/whatsapp"}`
(without `url` the webhook is lost on its way, and only the list knows the message), `GET /_wire/messages`,
`POST /_wire/template {"name": "late", "body": "Hello {{1}}", "variables": {"1": "Ana"}}`.

The shapes are those of https://www.twilio.com/docs/messaging/api/message-resource and
https://www.twilio.com/docs/content/content-api-resources, the signature that of
https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

import argparse
import asyncio
import base64
import hashlib
import heapq
import hmac
import itertools
import json
import operator
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "wire-token"
HOTEL_NUMBER = "+14155238886"
GUEST_NUMBER = "+351911222333"

# What can be made to go wrong with a message that is sent. `timeout` never answers and takes nothing;
# `accept_then_drop` takes the message and cuts the connection; `drop` cuts it before taking; `garbage` takes it and
# answers nonsense; `63016` takes it and reports later that it was outside the window; `63018` refuses for now.
FAULTS = ("429", "500", "503", "timeout", "accept_then_drop", "drop", "garbage", "63016", "63018", "21211")

# How a taken message fares: (seconds since it was taken, status).
FARE = ((0.02, "sent"), (0.05, "delivered"), (0.1, "read"))
OUTSIDE_WINDOW_FARE = ((0.02, "undelivered"),)

_API = "/2010-04-01/Accounts/{account}"
_CONTENT = "https://content.twilio.com/v1/ContentAndApprovals"
_API_PATHS = ("/2010-04-01/", "/v1/", "/v2/")  # the latter two are of Twilio's other origins
_PREFIX = "whatsapp:"
_MOST_CHARS = 1600
_LOOPBACK = ("127.0.0.1", "localhost", "::1")  # a stand-in calls nobody outside the machine


@dataclass(slots=True)
class WireMedia:
    """A file of a message."""

    content_type: str
    data: bytes
    sid: str = field(default_factory=lambda: "ME" + secrets.token_hex(16))


@dataclass(slots=True)
class WireMessage:
    """A message of the account, in either direction; `form` is what was posted to make it."""

    to: str
    sender: str
    body: str
    direction: str = "outbound-api"
    status: str = "queued"
    error_code: int | None = None
    media: list[WireMedia] = field(default_factory=list)
    num_media: int = 0
    form: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sid: str = field(default_factory=lambda: "SM" + secrets.token_hex(16))


@dataclass(slots=True)
class WireTemplate:
    """A template of the account, as the Content API lists it; `status` is WhatsApp's word on it."""

    name: str
    body: str
    language: str = "en"
    variables: Mapping[str, str] = field(default_factory=dict)
    status: str = "approved"
    kind: str = "twilio/text"
    sid: str = field(default_factory=lambda: "HX" + secrets.token_hex(16))


_AT = operator.attrgetter("at")


def sign(url: str, form: Mapping[str, str] | Iterable[tuple[str, str]], token: str = AUTH_TOKEN) -> str:
    """Return the signature that Twilio sends as `X-Twilio-Signature` with a form posted to `url` (query included)."""
    pairs = sorted(set(form.items() if isinstance(form, Mapping) else form))
    text = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def inbound_form(
    body: str = "",
    *,
    sender: str = GUEST_NUMBER,
    to: str = HOTEL_NUMBER,
    name: str = "Ana",
    sid: str | None = None,
    account_sid: str = ACCOUNT_SID,
    media: Sequence[tuple[str, str]] = (),
    **more: str,
) -> dict[str, str]:
    """Return the form that Twilio posts for a guest's message. `media` holds (URL, content type); `more` adds or
    overrides fields by Twilio's names."""
    sid = sid or ("MM" if media else "SM") + secrets.token_hex(16)
    form = {
        "AccountSid": account_sid,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "ChannelPrefix": "whatsapp",
        "From": _PREFIX + sender,
        "MessageSid": sid,
        "MessageType": "image" if media else "text",
        "NumMedia": str(len(media)),
        "NumSegments": "1",
        "ProfileName": name,
        "ReferralNumMedia": "0",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": _PREFIX + to,
    }
    if sender.startswith("+"):
        form["WaId"] = sender.removeprefix("+")
    for position, (url, content_type) in enumerate(media):
        form |= {f"MediaUrl{position}": url, f"MediaContentType{position}": content_type}
    return {**form, **more}


class TwilioWire:
    """The server, with one account.

    `latency` is how long a send takes, and `list_lag` how long a message stays out of the list, both in seconds. With
    `callbacks`, status callbacks are posted; `callback_origin` (`http://127.0.0.1:8000`) takes the place of the
    callback URL's own origin, which is signed all the same, as behind a proxy.
    """

    def __init__(
        self,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        list_lag: float = 0.0,
        callbacks: bool = True,
        callback_origin: str | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.latency = latency
        self.list_lag = list_lag
        self.callbacks = callbacks
        self.callback_origin = callback_origin
        self.messages: list[WireMessage] = []  # that were sent through the API, in the order they were taken
        self.received: list[WireMessage] = []  # that guests wrote
        self.templates: list[WireTemplate] = []
        self.requests: list[tuple[str, str]] = []  # (method, path with query), of the API alone
        self.callback_answers: list[int] = []
        self.account_status = "active"
        self.senders: list[dict[str, Any]] = []  # WhatsApp senders, as the API lists them
        self.services: dict[str, dict[str, Any]] = {}  # Messaging Services by their SID
        self._host = host
        self._port = port
        self._fault: str | None = None
        self._fault_times: int | None = None
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None

    # steering

    def fail(self, mode: str, times: int | None = None) -> None:
        """Make the next `times` sends (None: all, until `recover`) go wrong in one of `FAULTS`."""
        if mode not in FAULTS:
            raise ValueError(f"there is no fault {mode!r}; the faults are {', '.join(FAULTS)}")
        self._fault, self._fault_times = mode, times

    def recover(self) -> None:
        """Work again, and let go of requests that hang."""
        self._fault = self._fault_times = None
        self._stopping.set()
        self._stopping = asyncio.Event()

    def inbound_form(self, body: str = "", **fields: Any) -> dict[str, str]:
        """Return `inbound_form` for this account."""
        return inbound_form(body, account_sid=self.account_sid, **fields)

    def receive(self, form: Mapping[str, str], *, media: Sequence[WireMedia] = (), at: datetime | None = None) -> None:
        """Have a guest's message in the list without telling anybody: its webhook is lost."""
        self.received.append(
            WireMessage(
                to=form["To"],
                sender=form["From"],
                body=form.get("Body", ""),
                direction="inbound",
                status="received",
                media=list(media),
                num_media=len(media),
                form=form,
                at=at or datetime.now(UTC),
                sid=form["MessageSid"],
            )
        )

    def register_sender(self, number: str = HOTEL_NUMBER, *, status: str = "ONLINE", **webhook: str | None) -> None:
        """Have a WhatsApp sender in the account, with its `callback_url`, `fallback_url` and their methods
        (https://www.twilio.com/docs/whatsapp/api/senders)."""
        self.senders.append(
            {
                "sid": "XE" + secrets.token_hex(16),
                "sender_id": _PREFIX + number,
                "status": status,
                "webhook": {"callback_method": "POST", "fallback_method": "POST", **webhook},
            }
        )

    async def post_inbound(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        signed_for: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """Have a guest write: list the message, post its webhook to `url`, and return the status of the answer.

        `signed_for` is the URL that the signature is made for, where it is not `url` itself; `headers` come on top.
        """
        if all(message.sid != form["MessageSid"] for message in self.received):
            self.receive(form)
        return await self._post_form(url, form, signed_for or url, headers or {})

    def media_url(self, content_type: str, data: bytes) -> str:
        """Keep a file and return the URL under which the API gives it to who has the credentials."""
        form = self.inbound_form()
        self.receive(form, media=[media := WireMedia(content_type, data)])
        return f"{self.url}{self._path}/Messages/{form['MessageSid']}/Media/{media.sid}"

    @property
    def url(self) -> str:
        """The origin that stands in for https://api.twilio.com and https://content.twilio.com."""
        return f"http://{self._host}:{self._port}"

    # life

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one."""
        app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[self._guarded])
        app.add_routes(
            [
                web.get(_API + ".json", self._account),
                web.post(_API + "/Messages.json", self._create),
                web.get(_API + "/Messages.json", self._list),
                web.get(_API + "/Messages/{sid}.json", self._fetch),
                web.get(_API + "/Messages/{sid}/Media.json", self._list_media),
                web.get(_API + "/Messages/{sid}/Media/{media}", self._redirect_to_media),
                web.get("/v1/ContentAndApprovals", self._list_templates),
                web.get("/v2/Channels/Senders", self._list_senders),
                web.get("/v1/Services/{sid}", self._service),
                web.get("/files/{media}", self._give_media),
                web.post("/_wire/fail", self._steer_fail),
                web.post("/_wire/inbound", self._steer_inbound),
                web.post("/_wire/template", self._steer_template),
                web.get("/_wire/messages", self._steer_messages),
            ]
        )
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening; requests that hang are let go. Starting again takes the same port and knows its messages."""
        self.recover()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def _path(self) -> str:
        return _API.format(account=self.account_sid)

    # the API

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith(_API_PATHS):
            self.requests.append((request.method, request.path_qs))
            expected = aiohttp.encode_basic_auth(self.account_sid, self.auth_token)
            if request.headers.get("Authorization") != expected:
                return _error(401, 20003, "Authentication failed")
            if request.match_info.get("account") not in (None, self.account_sid):
                return _error(404, 20404, "There is no such account")
        response: web.StreamResponse = await handler(request)
        return response

    async def _account(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"sid": self.account_sid, "friendly_name": "Wire", "status": self.account_status, "type": "Full"}
        )

    async def _list_senders(self, request: web.Request) -> web.Response:
        url = f"https://messaging.twilio.com{request.path}"
        meta = {"page": 0, "page_size": 50, "first_page_url": url, "url": url, "key": "senders"}
        pages = {"previous_page_url": None, "next_page_url": None}
        return web.json_response({"meta": {**meta, **pages}, "senders": self.senders})

    async def _service(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]
        if sid not in self.services:
            return _error(404, 20404, "No such service")
        return web.json_response({"sid": sid, "account_sid": self.account_sid, **self.services[sid]})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if self.latency > 0:
            await asyncio.sleep(self.latency / 2)
        posted = await request.post()
        form = {name: str(value) for name, value in posted.items()}
        fault = self._take_fault()
        match fault:
            case "429":
                return _error(429, 20429, "Too many requests")
            case "500" | "503":
                return _error(int(fault), 20500, "Something broke")
            case "63018":
                return _error(429, 63018, "The channel's rate limit is exceeded")
            case "21211":
                return _error(400, 21211, "To is not a valid number")
            case "timeout":
                await self._stopping.wait()
                return _error(503, 20500, "The server is stopping")
            case "drop":
                return _cut(request)
        if (refusal := _refusal(form)) is not None:
            return refusal
        message = WireMessage(
            to=form["To"],
            sender=form.get("From") or form["MessagingServiceSid"],
            body=form.get("Body") or self._filled(form),
            num_media=len(posted.getall("MediaUrl", [])),
            form=form,
        )
        self.messages.append(message)
        self._start(self._fare(message, outside_window=fault == "63016"))
        if self.latency > 0:
            await asyncio.sleep(self.latency / 2)
        if fault == "accept_then_drop":
            return _cut(request)
        if fault == "garbage":
            return web.Response(status=201, text='{"sid": "SM', content_type="application/json")
        return web.json_response(self._resource(message, status="queued"), status=201)

    def _filled(self, form: Mapping[str, str]) -> str:
        """Return what a template says with its variables; the bare variables of one that is not known here."""
        variables = form.get("ContentVariables", "")
        template = next((one for one in self.templates if one.sid == form.get("ContentSid")), None)
        if template is None:
            return variables
        text = template.body
        for name, value in {**template.variables, **json.loads(variables or "{}")}.items():
            text = text.replace("{{" + name + "}}", str(value))
        return text

    async def _list_templates(self, request: web.Request) -> web.Response:
        """List templates as the Content API does: pages name the next by its whole address, at Twilio's own host."""
        size, page = int(request.query.get("PageSize", "50")), int(request.query.get("Page", "0"))
        shown = self.templates[page * size : (page + 1) * size]
        following = None
        if len(self.templates) > (page + 1) * size:
            following = f"{_CONTENT}?{urlencode({'PageSize': size, 'Page': page + 1})}"
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.json_response(
            {
                "contents": [
                    {
                        "sid": template.sid,
                        "account_sid": self.account_sid,
                        "friendly_name": template.name,
                        "language": template.language,
                        "variables": dict(template.variables),
                        "types": {template.kind: {"body": template.body}},
                        "approval_requests": {"name": template.name, "category": "UTILITY", "status": template.status},
                        "date_created": at,
                        "date_updated": at,
                    }
                    for template in shown
                ],
                "meta": {
                    "page": page,
                    "page_size": size,
                    "key": "contents",
                    "url": _CONTENT,
                    "first_page_url": _CONTENT,
                    "next_page_url": following,
                    "previous_page_url": None,
                },
            }
        )

    async def _fetch(self, request: web.Request) -> web.Response:
        message = self._message(request.match_info["sid"])
        return web.json_response(self._resource(message)) if message else _error(404, 20404, "No such message")

    async def _list(self, request: web.Request) -> web.Response:
        """List newest first. A page begins behind the message that its token names, so new ones shift nothing."""
        query = request.query
        size = min(max(int(query.get("PageSize", "50")), 1), 1000)
        listed = self._listed(query)
        if token := query.get("PageToken"):
            listed = itertools.islice(itertools.dropwhile(lambda message: "PA" + message.sid != token, listed), 1, None)
        page, rest = list(itertools.islice(listed, size)), next(listed, None)
        number = int(query.get("Page", "0"))
        following = None
        if rest:
            kept = {name: value for name, value in query.items() if name not in ("Page", "PageToken", "PageSize")}
            fields = {**kept, "PageSize": str(size), "Page": str(number + 1), "PageToken": "PA" + page[-1].sid}
            following = f"{request.path}?{urlencode(fields)}"
        return web.json_response(
            {
                "messages": [self._resource(message) for message in page],
                "page": number,
                "page_size": size,
                "start": number * size,
                "end": number * size + max(len(page) - 1, 0),
                "uri": request.path_qs,
                "first_page_uri": request.path,
                "next_page_uri": following,
                "previous_page_uri": None,
            }
        )

    def _listed(self, query: Mapping[str, str]) -> Iterator[WireMessage]:
        visible = datetime.now(UTC) - timedelta(seconds=self.list_lag)
        earliest, latest, day = (_moment(query.get(name)) for name in ("DateSent>", "DateSent<", "DateSent"))
        newest_first = (sorted(kept, key=_AT, reverse=True) for kept in (self.messages, self.received))
        for message in heapq.merge(*newest_first, key=_AT, reverse=True):
            at = message.at.replace(microsecond=0)
            if earliest is not None and at < earliest:
                return
            if (
                message.at <= visible
                and query.get("To", message.to) == message.to
                and query.get("From", message.sender) == message.sender
                and (latest is None or at <= latest)
                and (day is None or at.date() == day.date())
            ):
                yield message

    async def _list_media(self, request: web.Request) -> web.Response:
        message = self._message(request.match_info["sid"])
        if message is None:
            return _error(404, 20404, "No such message")
        base = f"{self._path}/Messages/{message.sid}/Media"
        return web.json_response(
            {
                "media_list": [
                    {
                        "sid": media.sid,
                        "account_sid": self.account_sid,
                        "parent_sid": message.sid,
                        "content_type": media.content_type,
                        "date_created": _rfc2822(message.at),
                        "date_updated": _rfc2822(message.at),
                        "uri": f"{base}/{media.sid}.json",
                    }
                    for media in message.media
                ],
                "page": 0,
                "page_size": 50,
                "start": 0,
                "end": max(len(message.media) - 1, 0),
                "uri": f"{base}.json",
                "first_page_uri": f"{base}.json",
                "next_page_uri": None,
                "previous_page_uri": None,
            }
        )

    async def _redirect_to_media(self, request: web.Request) -> web.Response:
        """The API gives no bytes itself: it sends its client on to a store of files that knows no credentials."""
        return web.Response(status=307, headers={"Location": f"{self.url}/files/{request.match_info['media']}"})

    async def _give_media(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            return web.Response(status=400, text="credentials have no business here")
        for message in self.received:
            for media in message.media:
                if media.sid == request.match_info["media"]:
                    return web.Response(body=media.data, headers={"Content-Type": media.content_type})
        return web.Response(status=404)

    def _resource(self, message: WireMessage, status: str | None = None) -> dict[str, Any]:
        uri = f"{self._path}/Messages/{message.sid}"
        status = status or message.status
        at = _rfc2822(message.at)
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": at,
            "date_sent": None if status == "queued" else at,
            "date_updated": at,
            "direction": message.direction,
            "error_code": message.error_code,
            "error_message": None,
            "from": message.sender,
            "messaging_service_sid": message.form.get("MessagingServiceSid"),
            "num_media": str(message.num_media),
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": message.sid,
            "status": status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": message.to,
            "uri": f"{uri}.json",
        }

    def _message(self, sid: str) -> WireMessage | None:
        return next((message for message in (*self.messages, *self.received) if message.sid == sid), None)

    def _take_fault(self) -> str | None:
        fault = self._fault
        if self._fault_times is not None:
            self._fault_times -= 1
            if self._fault_times <= 0:
                self._fault = self._fault_times = None
        return fault

    # what becomes of messages

    async def _fare(self, message: WireMessage, outside_window: bool) -> None:
        url = message.form.get("StatusCallback")
        await self._report(message, url)
        waited = 0.0
        for after, status in OUTSIDE_WINDOW_FARE if outside_window else FARE:
            await asyncio.sleep(after - waited)
            waited = after
            message.status = status
            message.error_code = 63016 if status == "undelivered" else None
            await self._report(message, url)

    async def _report(self, message: WireMessage, url: str | None) -> None:
        if not (self.callbacks and url):
            return
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "ChannelPrefix": "whatsapp",
            "From": message.sender,
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "To": message.to,
        }
        if message.error_code is not None:
            form["ErrorCode"] = str(message.error_code)
        target = url
        if self.callback_origin is not None:
            target = self.callback_origin.rstrip("/") + "/" + url.split("/", 3)[3]
        if urlsplit(target).hostname not in _LOOPBACK:
            return
        try:
            self.callback_answers.append(await self._post_form(target, form, url, {}))
        except (aiohttp.ClientError, TimeoutError):
            self.callback_answers.append(0)

    async def _post_form(self, url: str, form: Mapping[str, str], signed_for: str, headers: Mapping[str, str]) -> int:
        assert self._http is not None, "the wire is not started"
        signature = sign(signed_for, form, self.auth_token)
        content_type = "application/x-www-form-urlencoded; charset=UTF-8"
        async with self._http.post(
            url,
            data=urlencode(form).encode(),
            headers={"X-Twilio-Signature": signature, "Content-Type": content_type, **headers},
            allow_redirects=False,
        ) as answer:
            await answer.read()
            return answer.status

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # steering over HTTP

    async def _steer_fail(self, request: web.Request) -> web.Response:
        wish = await request.json()
        if wish.get("mode") is None:
            self.recover()
            return web.json_response({"ok": True})
        try:
            self.fail(str(wish["mode"]), wish.get("times"))
        except ValueError as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def _steer_inbound(self, request: web.Request) -> web.Response:
        wish = await request.json()
        url, signed_for = wish.pop("url", None), wish.pop("signed_for", None)
        form = self.inbound_form(**wish)
        if url is None:
            self.receive(form)
            return web.json_response({"sid": form["MessageSid"], "status": None})
        status = await self.post_inbound(url, form, signed_for=signed_for)
        return web.json_response({"sid": form["MessageSid"], "status": status})

    async def _steer_template(self, request: web.Request) -> web.Response:
        template = WireTemplate(**await request.json())
        self.templates.append(template)
        return web.json_response({"sid": template.sid})

    async def _steer_messages(self, request: web.Request) -> web.Response:
        return web.json_response({"messages": [self._resource(message) for message in self.messages]})


def _refusal(form: Mapping[str, str]) -> web.Response | None:
    """Return what Twilio answers to a form that it cannot send."""
    if not form.get("To"):
        return _error(400, 21604, "To is missing")
    if not (form.get("From") or form.get("MessagingServiceSid")):
        return _error(400, 21603, "From is missing")
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid", "PersistentAction")):
        return _error(400, 21619, "There is neither text nor file")
    if len(form.get("Body", "")) > _MOST_CHARS:
        return _error(400, 21617, "Body is too long")
    return None


def _error(status: int, code: int, text: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": text, "more_info": more, "status": status}, status=status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _rfc2822(at: datetime) -> str:
    return format_datetime(at.replace(microsecond=0))


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _serve(wire: TwilioWire) -> None:
    async with wire:
        print(f"Twilio wire: {wire.url}", flush=True)
        await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m innbox.testing.twilio_wire", description="A stand-in for Twilio.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument("--account-sid", default=ACCOUNT_SID)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each send takes")
    parser.add_argument("--list-lag", type=float, default=0.0, help="seconds that a message stays out of the list")
    parser.add_argument("--no-callbacks", action="store_true", help="report no statuses")
    parser.add_argument("--callback-origin", help="where callbacks go, instead of their URL's own origin")
    given = parser.parse_args(arguments)

    async def serve() -> None:
        await _serve(
            TwilioWire(
                account_sid=given.account_sid,
                auth_token=given.auth_token,
                host=given.host,
                port=given.port,
                latency=given.latency,
                list_lag=given.list_lag,
                callbacks=not given.no_callbacks,
                callback_origin=given.callback_origin,
            )
        )

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
