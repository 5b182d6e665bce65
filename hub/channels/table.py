"""Which providers can a notification go to? To add one: a module beside this one, and a row here.

Of webhooks a hub may have several: each is a provider of its own, `webhook.NAME`, all opened by the row `webhook`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from hub.channels.apns import open_apns
from hub.channels.fcm import open_fcm
from hub.channels.smtp import open_smtp
from hub.channels.webhook import open_webhook
from hub.outbox.port import Channel

OpenChannel = Callable[..., AbstractAsyncContextManager[Channel]]
# (its settings, clock) -> the channel, open; every provider has settings of its own.

CHANNELS: Final[Mapping[str, OpenChannel]] = {
    "apns": open_apns,
    "fcm": open_fcm,
    "smtp": open_smtp,
    "webhook": open_webhook,
}
