"""Which channels does this hub's configuration turn on? Maps hub.toml's tables onto the channels' own settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from hub.channels.apns import ApnsSettings
from hub.channels.fcm import FcmSettings
from hub.channels.smtp import SmtpSettings
from hub.channels.table import CHANNELS
from hub.channels.webhook import WebhookSettings
from hub.clock import Clock
from hub.config.hub_toml import HubConfig
from hub.errors import BadConfig
from hub.outbox.message import webhook_provider
from hub.outbox.port import Channel

Settings = ApnsSettings | FcmSettings | SmtpSettings | WebhookSettings

_log = structlog.get_logger()


@asynccontextmanager
async def open_channels(config: HubConfig, clock: Clock) -> AsyncIterator[Mapping[str, Channel]]:
    """Every configured channel, by provider.

    One whose secrets are not there, or are none, is off and says so: a hotel without Apple's key still sends its
    emails. Its messages are refused with their reason, or go by the next channel.
    """
    async with AsyncExitStack() as stack:
        channels: dict[str, Channel] = {}
        for provider, settings in _settings(config).items():
            try:
                opened = CHANNELS[provider.partition(".")[0]](settings, clock)
                channels[provider] = await stack.enter_async_context(opened)
            except BadConfig as exc:
                _log.warning("A channel is off until its configuration is mended", channel=provider, fault=str(exc))
        yield channels


def _settings(config: HubConfig) -> Mapping[str, Settings]:
    settings: dict[str, Settings] = {
        webhook_provider(name): WebhookSettings(
            name=name, url=webhook.url, secret_file=webhook.secret_file, allow_private=webhook.allow_private
        )
        for name, webhook in config.webhooks.items()
    }
    if (apns := config.apns) is not None:
        settings["apns"] = ApnsSettings(
            endpoint=apns.endpoint,
            team_id=apns.team_id,
            key_id=apns.key_id,
            key_file=apns.key_file,
            topic=apns.topic,
            ca_file=apns.ca_file,
        )
    if (fcm := config.fcm) is not None:
        settings["fcm"] = FcmSettings(
            endpoint=fcm.endpoint, service_account_file=fcm.service_account_file, ca_file=fcm.ca_file
        )
    if (smtp := config.smtp) is not None:
        settings["smtp"] = SmtpSettings(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            username=smtp.username,
            password_file=smtp.password_file,
            sender=smtp.sender,
            ca_file=smtp.ca_file,
        )
    return settings
