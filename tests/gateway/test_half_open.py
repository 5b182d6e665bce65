"""P28: a connection that has died without a word is noticed within twice the keep-alive."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Final

import pytest

from gateway import mqtt_session
from gateway.config import Broker
from gateway.mqtt_session import V5, Greeting, Session
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.long_line import LongLine

KEEPALIVE_S: Final = 1
SLACK_S: Final = mqtt_session.TICK_S + 0.5  # of a machine that is busy


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


@pytest.mark.parametrize("every_s", [0.1, None], ids=["while it tells", "while it is silent"])
async def test_p28_a_half_open_link_is_noticed_within_twice_the_keepalive(
    broker: RunningBroker, monkeypatch: pytest.MonkeyPatch, every_s: float | None
) -> None:
    monkeypatch.setattr(mqtt_session, "KEEPALIVE_S", KEEPALIVE_S)
    greeting = Greeting(client_id="marlton.lobby-1", subscriptions=("ik/1/marlton/lobby-1/ack",))
    async with LongLine(broker.port) as line:
        settings = Broker(host="127.0.0.1", port=line.port, tls=False, username="marlton/lobby-1")
        async with Session(settings, greeting, lambda *_: None, V5) as session:
            await asyncio.sleep(2.5 * KEEPALIVE_S)  # a link that lives is let be
            assert not session.ended.is_set()

            line.dies()
            died = time.monotonic()
            while not session.ended.is_set() and time.monotonic() - died < 10 * KEEPALIVE_S:
                if every_s is not None:
                    session.publish("ik/1/marlton/lobby-1/live/0", b"{}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(session.ended.wait(), every_s or 10 * KEEPALIVE_S)
            noticed_s = time.monotonic() - died

    assert noticed_s <= 2 * KEEPALIVE_S + SLACK_S


def test_the_keepalive_is_a_quarter_of_a_minute() -> None:
    assert mqtt_session.KEEPALIVE_S == 15  # so a gateway knows after 30 s, and the hub, by its last will, after 23 s
