"""A session that is given up while it begins."""

from __future__ import annotations

import asyncio

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from gateway.config import Broker
from gateway.mqtt_session import V5, Greeting, Session


@pytest.mark.parametrize("turns", range(4))
async def test_told_to_stop_just_as_the_broker_answers_it_stops(monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    broker = Broker(host="127.0.0.1", port=1, tls=False, username="marlton/lobby-1")
    session = Session(broker, Greeting(client_id="marlton.lobby-1", subscriptions=()), lambda *_: None, V5)
    monkeypatch.setattr(session, "_connect", lambda _client: None)
    opening = asyncio.create_task(session.__aenter__())
    while session._ticking is None:  # noqa: ASYNC110  there is no event for "connected, and not answered"
        await asyncio.sleep(0)

    assert session._answered is not None
    session._answered.set_result(ReasonCode(PacketTypes.CONNACK, "Success"))
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()

    with pytest.raises(asyncio.CancelledError):
        await opening
