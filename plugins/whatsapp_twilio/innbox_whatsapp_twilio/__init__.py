"""WhatsApp through Twilio, as an Innbox plugin."""

from innbox_whatsapp_twilio.plugin import WhatsAppTwilio

__all__ = ["WhatsAppTwilio"]
