"""What Twilio calls: `POST /whatsapp` for guests' messages, `POST /whatsapp/status` for what became of ours.

Twilio takes any 2xx as taken; it does not repeat a webhook by itself, so what we miss is fetched back later.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from innbox import DeliveryStatus, StatusReport
from innbox_whatsapp_twilio.errors import failure_of
from innbox_whatsapp_twilio.inbound import CHANNEL, MESSAGE_SID, handle_in, handles_in, inbound_of
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings
from innbox_whatsapp_twilio.signature import Rejected, signed_form

if TYPE_CHECKING:
    from innbox import App

log = structlog.get_logger(__name__)

MESSAGE_PATH = "/whatsapp"
STATUS_PATH = "/whatsapp/status"

_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_OUR_ID = re.compile(r"[0-9a-fA-F-]{32,36}")

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values. From `accepted` on it is Twilio's.
STATUSES: Mapping[str, DeliveryStatus] = {
    "accepted": DeliveryStatus.SENT,
    "scheduled": DeliveryStatus.SENT,
    "queued": DeliveryStatus.SENT,
    "sending": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "undelivered": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}


class Webhooks:
    """The two routes of one app."""

    def __init__(self, app: "App", settings: WhatsAppTwilioSettings) -> None:
        self._app = app
        self._settings = settings
        self._validator = RequestValidator(settings.auth_token.get_secret_value())
        self._origin = app.config.public_url.rstrip("/")

    def routes(self) -> list[Route]:
        return [
            Route(MESSAGE_PATH, self.message, methods=["POST"], name="whatsapp_message"),
            Route(STATUS_PATH, self.status, methods=["POST"], name="whatsapp_status"),
        ]

    async def message(self, request: Request) -> Response:
        """Take in a guest's message: 200 once it is stored, or once one for an unknown number is kept aside."""
        try:
            form = await self._checked(request, MESSAGE_PATH)
            number = handle_in(form.get("To"))
            if number is None or not handles_in(form):
                raise Rejected(400, "address", "From and To must be WhatsApp addresses.")
        except Rejected as rejected:
            return self._refused(rejected)
        hotel = self._settings.numbers.get(number)
        if hotel is None:
            await self._app.keep_aside(CHANNEL, form["MessageSid"], form, "unknown_number")
        else:
            await self._app.ingest(inbound_of(form, hotel))
        return Response(_EMPTY_TWIML, media_type="text/xml")

    async def status(self, request: Request) -> Response:
        """Take in what became of a message of ours: 204, also where the status or the message is unknown."""
        try:
            form = await self._checked(request, STATUS_PATH)
        except Rejected as rejected:
            return self._refused(rejected)
        word = (form.get("MessageStatus") or form.get("SmsStatus", "")).lower()
        status = STATUSES.get(word)
        if status is None:
            log.info("status ignored", provider_id=form["MessageSid"])
            return Response(status_code=204)
        code = form.get("ErrorCode", "")
        message = request.query_params.get("message", "")
        await self._app.report_status(
            StatusReport(
                channel=CHANNEL,
                status=status,
                message_id=message if _OUR_ID.fullmatch(message) else None,
                provider_id=form["MessageSid"],
                failure=failure_of(int(code) if code.isdecimal() and len(code) < 10 else None, word)
                if status is DeliveryStatus.FAILED
                else None,
            )
        )
        return Response(status_code=204)

    async def _checked(self, request: Request, path: str) -> Mapping[str, str]:
        """Return a form that Twilio signed, for our account, about a message."""
        form = await signed_form(request, self._validator, self._origin + path)
        if not MESSAGE_SID.fullmatch(form.get("MessageSid", "")):
            raise Rejected(400, "message_sid", "MessageSid is missing or malformed.")
        account = form.get("AccountSid")
        if not account:
            raise Rejected(400, "account_sid", "AccountSid is missing.")
        if account != self._settings.account_sid:
            raise Rejected(403, "account", "The account is not ours.")
        return form

    def _refused(self, rejected: Rejected) -> Response:
        self._app.metrics.webhook_rejected(CHANNEL, rejected.reason)
        log.warning("webhook rejected", channel=CHANNEL, reason=rejected.reason)
        return JSONResponse({"error": str(rejected)}, status_code=rejected.status)
