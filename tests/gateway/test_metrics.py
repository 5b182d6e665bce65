"""Prometheus text over HTTP: figures that name no tag, and nothing that a slow or hostile client can hold open."""

from __future__ import annotations

import asyncio

import pytest

from gateway import metrics
from gateway.errors import GatewayError
from gateway.metrics import serve_metrics
from tests.fakes.ports import free_ports
from wire.mqtt.messages import GatewayState

STATE = GatewayState(
    online=True,
    dropped=7,
    spool_batches=2,
    spool_bytes=900,
    lost_batches=1,
    withdrawn_rows=4,
    wall_ok=True,
    config="c",
)


async def scrape(port: int, request: bytes = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_figures_are_served_as_prometheus_text() -> None:
    (port,) = free_ports(1)

    async with serve_metrics(("127.0.0.1", port), lambda: (41, STATE)):
        head, _, body = (await scrape(port)).partition("\r\n\r\n")

    assert head.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n")
    assert f"Content-Length: {len(body)}\r\n" in head
    assert "# TYPE innkeeper_gateway_adverts_total counter\ninnkeeper_gateway_adverts_total 41\n" in body
    assert "innkeeper_gateway_adverts_not_enrolled_total 7\n" in body
    assert "innkeeper_gateway_spool_batches 2\n" in body
    assert "innkeeper_gateway_batches_lost_total 1\n" in body
    assert "innkeeper_gateway_rows_withdrawn_total 4\n" in body
    assert "innkeeper_gateway_configured 1\n" in body


async def test_a_request_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setattr(metrics, "READ_S", 0.05)

    async with serve_metrics(("127.0.0.1", port), lambda: (41, STATE)):
        answer = await asyncio.wait_for(scrape(port, b"GET /metr"), 30)

    assert answer == ""


async def test_a_port_that_is_taken_is_one_line() -> None:
    (port,) = free_ports(1)
    async with serve_metrics(("127.0.0.1", port), lambda: (41, STATE)):
        with pytest.raises(GatewayError, match=r"metrics.listen: found .*; right would be a free address and port"):
            async with serve_metrics(("127.0.0.1", port), lambda: (41, STATE)):
                pass


async def test_without_an_address_nothing_listens() -> None:
    async with serve_metrics(None, lambda: (41, STATE)):
        assert asyncio.all_tasks() == {asyncio.current_task()}
