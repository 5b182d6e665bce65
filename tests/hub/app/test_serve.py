"""A whole hub, begun, served and stopped, over a real broker."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from structlog.testing import capture_logs

from hub.app import channels
from hub.app import serve as serving
from hub.app.serve import serve
from hub.errors import BadConfig, HubError, StoreFailed, StoreInUse
from hub.store import vanished
from tests.fakes.broker import RunningBroker, running_broker
from tests.fakes.office import SlowChannel
from tests.fakes.ports import free_ports
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out, until
from tests.fakes.store import rows_of


@pytest.fixture
def broker() -> Iterator[RunningBroker]:
    with running_broker() as broker:
        yield broker


async def test_a_port_that_is_taken_is_one_line_and_nothing_is_opened(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", config.hub.port)

    async with server:
        with pytest.raises(HubError) as caught:
            await serve(config)

    assert str(caught.value) == (
        f"[hub] listen: found 127.0.0.1:{config.hub.port}, address already in use; right would be a free address"
    )
    assert not config.database.exists()


async def test_a_second_hub_on_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    async with a_hub(tmp_path, ready=False) as hub:
        other = replace(hub.config, hub=replace(hub.config.hub, port=free_ports(1)[0]))
        with pytest.raises(StoreInUse, match="found in use by process"):
            await serve(other)
        alive = await hub.status("/healthz")

    assert alive == 200


async def test_a_broker_that_is_not_there_is_said_once_and_awaited(tmp_path: Path) -> None:
    with capture_logs() as said:
        async with a_hub(tmp_path, ready=False) as hub:
            await until(lambda: any("No way to the broker" in line["event"] for line in said))
            without = await hub.api.get("/readyz")
            alive = await hub.status("/healthz")
            await asyncio.sleep(1.2)  # long enough to have tried again

    assert (alive, without.status_code) == (200, 503)
    assert without.json()["detail"] == "waiting for broker"
    assert [line["event"] for line in said if "broker" in line["event"]] == [
        "No way to the broker; trying again until there is"
    ]


async def test_a_broker_that_comes_later_makes_the_hub_ready(tmp_path: Path) -> None:
    with running_broker() as broker:
        broker.stop()
        async with a_hub(tmp_path, broker_port=None, ready=False) as hub:
            assert await hub.status("/readyz") == 503
        config = replace(hub.config, mqtt=replace(hub.config.mqtt, port=broker.port))
        async with a_hub(config, ready=False) as hub:
            before = await hub.status("/readyz")
            await asyncio.to_thread(broker.start)
            await until(lambda: _is_ready(hub), "the broker to be found")

    assert before == 503


async def _is_ready(hub: RunningHub) -> bool:
    return await hub.status("/readyz") == 200


async def test_the_embedded_broker_is_brought_along(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    config = replace(config, mqtt=replace(config.mqtt, embedded=True))

    async with a_hub(config) as hub:
        ready = await hub.status("/readyz")

    assert ready == 200


async def test_p16_a_hub_whose_database_is_deleted_says_so_within_seconds_and_begins_no_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vanished, "LOOK_EVERY_S", 0.05)
    config = lay_out(tmp_path)
    with capture_logs() as logs:
        async with a_hub(config, ready=False) as hub:
            await until_status(hub, "/healthz", 200)
            config.database.unlink()
            await until_status(hub, "/healthz", 503)
            ready = await hub.api.get("/readyz")
            await hub.stop()

    with pytest.raises(StoreFailed, match="no database where there was one"):
        await serve(config)
    assert "its database, whose file is gone" in ready.json()["detail"]
    assert [line["log_level"] for line in logs if line["event"].startswith("The database's file is gone")] == [
        "critical"
    ]
    assert not config.database.exists()


async def until_status(hub: RunningHub, path: str, status: int) -> None:
    async with asyncio.timeout(20):
        while await hub.status(path) != status:  # noqa: ASYNC110  over HTTP
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_p23_a_signal_ends_it_in_order_with_open_streams_and_all(
    tmp_path: Path, broker: RunningBroker, number: signal.Signals
) -> None:
    loop = asyncio.get_running_loop()
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.signs_in()
        async with hub.api.stream("GET", "/v1/stream", params={"venue": VENUE}) as stream:
            began = loop.time()
            stopping = asyncio.create_task(hub.stop(number))
            rest = await stream.aread()
            await stopping
            took = loop.time() - began

    assert took < 5
    assert b"resync" not in rest
    assert not (hub.config.hub.data_dir / "hub.sock").exists()
    assert hub.task.exception() is None


class Apple(SlowChannel):
    """Opened in place of the real one, whose key nobody has."""

    @asynccontextmanager
    async def opened(self, *_: object) -> AsyncIterator[SlowChannel]:
        yield self


@pytest.fixture
def apple(monkeypatch: pytest.MonkeyPatch) -> Apple:
    apple = Apple()
    monkeypatch.setattr(channels, "CHANNELS", MappingProxyType({**channels.CHANNELS, "apns": apple.opened}))
    return apple


async def test_p23_a_message_under_way_is_finished_before_it_ends(
    tmp_path: Path, broker: RunningBroker, apple: Apple
) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        apple.open.clear()
        hub.hears("ana", "lobby")
        await until(lambda: bool(apple.asked), "the push to be on its way")
        stopping = asyncio.create_task(hub.stop())
        await asyncio.sleep(0.3)
        ended_early = hub.task.done()
        apple.open.set()
        await stopping

    assert not ended_early
    assert rows_of(hub.config.database, "SELECT message, state FROM messages") == [("room-rates", "SENT")]


async def test_p23_what_hangs_when_it_is_told_to_stop_is_ended(
    tmp_path: Path, broker: RunningBroker, apple: Apple, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(serving, "DRAIN_S", 0.2)
    monkeypatch.setattr(serving.os, "_exit", lambda code: (ended.append(code), apple.open.set()))
    async with a_hub(tmp_path, broker_port=broker.port) as hub:
        await hub.knows("ana")
        apple.open.clear()
        hub.hears("ana", "lobby")
        await until(lambda: bool(apple.asked))
        await hub.stop()

    assert ended == [1]


async def test_after_a_restart_she_is_where_she_was_and_hears_nothing_again(
    tmp_path: Path, broker: RunningBroker, apple: Apple
) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as first:
        await first.knows("ana")
        first.hears("ana", "lobby")
        await until(lambda: bool(apple.accepted))
        before = await first.get(f"presence/{VENUE}")
    async with a_hub(first.config) as hub:
        await hub.signs_in()
        restored = await hub.get(f"presence/{VENUE}")
        messages = (await hub.get("messages"))["items"]

    [was], [is_] = before["guests"], restored["guests"]
    assert (was["guest"], was["zone"], was["since"]) == (is_["guest"], is_["zone"], is_["since"])
    assert [one["message"] for one in messages] == ["room-rates"]
    assert len(apple.asked) == 1


async def test_a_batch_that_was_not_acknowledged_before_the_restart_messages_nobody_twice(
    tmp_path: Path, broker: RunningBroker, apple: Apple
) -> None:
    async with a_hub(tmp_path, broker_port=broker.port) as first:
        await first.knows("ana")
        first.hears("ana", "lobby")
        await until(lambda: bool(apple.accepted))
        tags = first.tags
    async with a_hub(first.config, broker_port=broker.port) as hub:
        hub.tags = tags
        hub.hears("ana", "lobby")  # the gateway missed its acknowledgement, and sends the same again
        await until(lambda: hub.acks("lobby-1"))
        await hub.signs_in()
        messages = (await hub.get("messages"))["items"]

    assert len(messages) == 1
    assert len(apple.asked) == 1


async def test_a_file_of_the_way_to_the_broker_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    config = lay_out(tmp_path)
    config = replace(config, mqtt=replace(config.mqtt, tls=True, ca_file=tmp_path / "no-ca.pem"))

    with pytest.raises(BadConfig, match=r"\[mqtt\] ca_file"):
        await serve(config)


async def test_a_fault_of_the_program_stops_the_hub_with_one_line_that_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise KeyError("ana@guest.example")

    monkeypatch.setattr("hub.app.house.Deadlines.run", fail)
    with capture_logs() as said, pytest.raises(HubError) as caught:
        await serve(lay_out(tmp_path))

    assert str(caught.value).startswith("the hub stops for a fault of its own: KeyError at ")
    assert "\n" not in str(caught.value)
    [line] = [line for line in said if line["log_level"] == "critical"]
    assert any("test_serve.py" in place for place in line["places"])
    assert "ana@guest.example" not in f"{said}{caught.value}"
