"""Which of the messages that Twilio lists is the one we are in doubt about?

Twilio keeps no id of ours in its Message resource, so a message is known by its receiver, its sender, its time and
what it says:

- The core sends a conversation's messages one after the other, and nothing behind a doubtful one. So what Twilio made
  after `sending_since`, for this guest, with this text, is ours.
- Twilio writes times in whole seconds, by a clock of its own, so what it made up to `CLOCK_SLACK` before counts too.
- An equal text sent within that slack before (“OK”, “OK”) could be mistaken for ours. Those that this process sent
  itself are known by their ids and left out. If one is left, it is ours: should it be the earlier “OK” after all, then
  the guest has read the same words seconds ago. If two or more are left, nobody can tell, and a person decides.
- A template is listed with the text that WhatsApp made of it, which we do not know. One whose text is ours is found;
  otherwise nothing from that time on means absent, and anything else means that nobody can tell.
"""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from innbox import Absent, Failure, FindOutcome, Outgoing, Uncertain
from innbox_whatsapp_twilio.api import TwilioMessage
from innbox_whatsapp_twilio.sending import outcome_of

CLOCK_SLACK = timedelta(seconds=2)

AMBIGUOUS = Failure(
    "ambiguous", "Twilio lists several equal messages, and nobody can tell whether this is one of them."
)
UNREADABLE = Failure("ambiguous", "Twilio lists messages that may or may not be this template.")


def earliest(outgoing: Outgoing) -> datetime:
    """Return the time from which on Twilio may have made the message, in whole seconds as Twilio writes it."""
    return outgoing.sending_since.replace(microsecond=0) - CLOCK_SLACK


def find(outgoing: Outgoing, listed: Sequence[TwilioMessage], others: Container[str]) -> FindOutcome:
    """Return what the list says of `outgoing`; `others` holds the ids of messages that are known to be others."""
    since = earliest(outgoing)
    candidates = [
        message
        for message in listed
        if not message.inbound and message.sid not in others and (message.at is None or message.at >= since)
    ]
    equal = [message for message in candidates if _says_the_same(outgoing, message)]
    if len(equal) == 1:
        return outcome_of(equal[0])
    if equal:
        return Uncertain(AMBIGUOUS)
    if candidates and outgoing.template is not None:
        return Uncertain(UNREADABLE)
    return Absent()


def _says_the_same(outgoing: Outgoing, message: TwilioMessage) -> bool:
    if outgoing.template is not None:
        return bool(outgoing.text.strip()) and _words(outgoing.text) == _words(message.body)
    files = sum(1 for item in outgoing.attachments if item.kind != "location" and item.url)
    # Media that WhatsApp splits or drops may change the count, but a file never comes from nothing.
    return _words(outgoing.text) == _words(message.body) and bool(files) == bool(message.num_media)


def _words(text: str) -> list[str]:
    """Providers trim and fold white space; words stay."""
    return text.split()
