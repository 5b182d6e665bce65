"""P28: the hub's own link, when it has died without a word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Final

import pytest

from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.links import a_link, running, until
from tests.fakes.long_line import LongLine

KEEPALIVE_S: Final = 1


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


async def test_p28_the_hub_notices_a_half_open_link_within_twice_the_keepalive(broker: RunningBroker) -> None:
    async with LongLine(broker.port) as line, running(a_link(line.port, keepalive_s=KEEPALIVE_S)) as link:
        await until(lambda: link.is_up)
        await asyncio.sleep(2.5 * KEEPALIVE_S)  # a link that lives is let be
        assert link.is_up

        line.dies()
        died = time.monotonic()
        await until(lambda: not link.is_up)

    assert time.monotonic() - died <= 2 * KEEPALIVE_S + 1.5
