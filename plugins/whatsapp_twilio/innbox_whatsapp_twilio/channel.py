"""The channel `whatsapp`: one attempt to send, and the questions to Twilio that settle a doubt or fill a gap."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog

from innbox import (
    Absent,
    Attachment,
    ChannelTraits,
    FindOutcome,
    Inbound,
    InnboxError,
    MediaContent,
    Outgoing,
    Rejected,
    SendOutcome,
    Sent,
    TemplateOffer,
    now,
)
from innbox_whatsapp_twilio.api import TwilioApi, TwilioMedia, TwilioMessage
from innbox_whatsapp_twilio.finding import earliest, find
from innbox_whatsapp_twilio.inbound import CHANNEL, MESSAGE_SID, PREFIX, handle_in, inbound_of
from innbox_whatsapp_twilio.media import MediaDownloads
from innbox_whatsapp_twilio.sending import NO_NUMBER, fields_of, outcome_of, outcome_of_error, refused_here
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings
from innbox_whatsapp_twilio.templates import Templates

log = structlog.get_logger(__name__)

REMEMBERED = 10_000  # messages that this process remembers: enough to tell equal texts of the last minutes apart
WEBHOOK_GRACE = timedelta(seconds=5)  # how long a message may be listed before its webhook has been here
LISTED = 50  # messages to one guest: those of the seconds in question are among them

T = TypeVar("T")

_OLDEST = datetime.min.replace(tzinfo=UTC)


class WhatsAppChannel:
    """WhatsApp through one Twilio account.

    A message has 1,600 characters at most (https://www.twilio.com/docs/errors/21617) and one file at most
    (https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages). Free text may leave for 24 hours after the
    guest's last message (https://www.twilio.com/docs/whatsapp/key-concepts).
    """

    name = CHANNEL
    traits = ChannelTraits(max_chars=1600, max_parts=4, reply_window=timedelta(hours=24), max_files=1)

    def __init__(
        self,
        settings: WhatsAppTwilioSettings,
        api: TwilioApi,
        downloads: MediaDownloads,
        public_url: str,
    ) -> None:
        self._settings = settings
        self._api = api
        self._downloads = downloads
        self._templates = Templates(api)
        self._public_url = public_url.rstrip("/")
        self._sent: OrderedDict[str, str] = OrderedDict()  # Twilio's id -> ours
        self._media: OrderedDict[str, Sequence[TwilioMedia]] = OrderedDict()  # Twilio's id of a message -> its files

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        """Make one attempt, within `timeout_seconds` and without retries."""
        number = self._settings.number_of(outgoing.hotel)
        if number is None:
            return Rejected(NO_NUMBER)
        if refused := refused_here(outgoing):
            return refused
        try:
            message = await self._api.create(fields_of(outgoing, number, self._public_url, self._settings))
        except InnboxError as error:
            outcome = outcome_of_error(error)
        else:
            outcome = outcome_of(message)
            _remember(self._sent, message.sid, outgoing.message_id)
        if not isinstance(outcome, Sent):
            log.info("message not taken", message=outgoing.message_id, code=outcome.failure.code)
        return outcome

    async def find_sent(self, outgoing: Outgoing) -> FindOutcome:
        """Look for a message in Twilio's list; `finding` says how it is known, and when nobody can tell.

        Raises where Twilio cannot be asked: that says nothing of the message, and the question can be asked again.
        """
        number = self._settings.number_of(outgoing.hotel)
        if number is None:
            return Rejected(NO_NUMBER)
        to, sender = PREFIX + outgoing.address.handle, PREFIX + number
        others = {sid for sid, ours in self._sent.items() if ours != outgoing.message_id}
        found = find(outgoing, await self._api.outbound(to, sender, earliest(outgoing), LISTED), others)
        if isinstance(found, Absent):
            # A message that is still queued has no date of sending, so the filter by date may hide it.
            found = find(outgoing, await self._api.outbound(to, sender, None, LISTED), others)
        return found

    async def fetch_missed(self, since: datetime) -> Sequence[Inbound]:
        """Return the guests' messages to our numbers since a time, oldest first.

        Twilio's list tells less than its webhook: no names, buttons or places. So the youngest are left for the next
        time, as their webhooks may still be on the way. Raises where Twilio cannot be asked.
        """
        youngest = now() - WEBHOOK_GRACE
        missed: list[Inbound] = []
        for number, hotel in self._settings.numbers.items():
            # Twilio's times are whole seconds: within one, the order of the list is all there is. A busy house lists
            # thousands, so each is let go of as soon as it is written down.
            listed = await self._api.inbound(PREFIX + number, since)
            while listed:
                message = listed.pop()
                if (message.at or youngest) > youngest:
                    continue
                if MESSAGE_SID.fullmatch(message.sid) and handle_in(message.sender):
                    missed.append(inbound_of(await self._form_of(message), hotel, message.at))
        return sorted(missed, key=lambda inbound: inbound.sent_at or _OLDEST)

    async def fetch_media(self, attachment: Attachment) -> MediaContent:
        """Download a guest's file; raises `Refused` where its address or size is not allowed."""
        return await self._downloads.fetch(attachment)

    async def templates(self, hotel: str) -> Sequence[TemplateOffer]:
        """Return the account's approved templates; none for a hotel that has no number. Raises where Twilio cannot be
        asked and never could."""
        return await self._templates.offers() if self._settings.number_of(hotel) else ()

    async def _form_of(self, message: TwilioMessage) -> Mapping[str, str]:
        """Write a listed message down as the webhook would have told it."""
        form = {
            "AccountSid": self._settings.account_sid,
            "MessageSid": message.sid,
            "From": message.sender,
            "To": message.to,
            "Body": message.body,
            "NumMedia": str(message.num_media),
        }
        if message.num_media > 0:
            if message.sid not in self._media:
                _remember(self._media, message.sid, await self._api.media_of(message.sid))
            for position, media in enumerate(self._media[message.sid]):
                form[f"MediaUrl{position}"] = self._settings.api_base_url + media.path
                form[f"MediaContentType{position}"] = media.content_type
        return form


def _remember(memory: OrderedDict[str, T], sid: str, what: T) -> None:
    memory[sid] = what
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
