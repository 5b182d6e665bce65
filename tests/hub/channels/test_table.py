from __future__ import annotations

from hub.channels.table import CHANNELS


def test_every_provider_of_a_target_has_a_channel() -> None:
    assert set(CHANNELS) == {"apns", "fcm", "smtp", "webhook"}
