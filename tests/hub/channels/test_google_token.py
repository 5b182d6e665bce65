from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from hub.channels.fcm import FcmChannel
from hub.channels.google_token import ServiceAccount
from hub.errors import Transient, Trouble
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.notifications import a_notification


class SlowCredentials:
    """Google's answer to a service account, as late as it comes."""

    def __init__(self, late_s: float, fault: Exception | None = None) -> None:
        self._late_s = late_s
        self._fault = fault
        self.fetched = 0
        self.token = ""

    def refresh(self, request: object) -> None:
        del request
        time.sleep(self._late_s)
        self.fetched += 1
        if self._fault is not None:
            raise self._fault
        self.token = f"ya29.{self.fetched}"


def an_account(credentials: SlowCredentials) -> ServiceAccount:
    nothing: Any = None
    return ServiceAccount(project="p", credentials=credentials, client=nothing, clock=StillClock())  # type: ignore[arg-type]  # what it asks of credentials


async def test_who_goes_without_a_token_leaves_the_fetching_to_whoever_comes_next() -> None:
    credentials = SlowCredentials(0.2)
    account = an_account(credentials)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await account.token()
    token = await account.token()

    assert (token, credentials.fetched, account.renewals) == ("ya29.1", 1, 1)


async def test_a_failure_that_nobody_waits_for_any_more_is_forgotten_and_the_next_one_asks_anew() -> None:
    credentials = SlowCredentials(0.05, ValueError("a bug"))
    account = an_account(credentials)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await account.token()
    await asyncio.sleep(0.2)
    with pytest.raises(ValueError, match="a bug"):
        await account.token()

    assert credentials.fetched == 2


async def test_p39_a_push_that_has_no_token_in_time_certainly_does_not_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.channels.fcm.START_WITHIN_S", 0.05)
    nobody: Any = None
    channel = FcmChannel(account=an_account(SlowCredentials(0.2)), client=nobody, clock=StillClock())

    with pytest.raises(Transient, match="no access token") as refused:
        await channel.send(a_notification(provider="fcm"))

    assert refused.value.trouble is Trouble.UNREACHABLE


async def test_p05_a_push_whose_end_comes_while_it_waits_for_a_token_does_not_leave() -> None:
    nobody: Any = None
    channel = FcmChannel(account=an_account(SlowCredentials(0.5)), client=nobody, clock=StillClock())

    with pytest.raises(Transient, match="no access token"):
        await channel.send(a_notification(provider="fcm", expires_at=T0 + timedelta(seconds=0.05)))
