"""How does a monitoring system see the gateway? Prometheus text over HTTP, where `metrics.listen` asks for it.

Any request gets the same answer; it names no tag. A request that does not come to its end is cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.errors import GatewayError, said
from wire.mqtt.messages import GatewayState

READ_S: Final = 5.0  # for a request's head; a scraper sends it at once
MAX_LINES: Final = 100

Figures = Callable[[], tuple[int, GatewayState]]  # adverts heard since the start, and how we are


@contextlib.asynccontextmanager
async def serve_metrics(listen: tuple[str, int] | None, figures: Figures) -> AsyncIterator[None]:
    """Answer while the block runs.

    Raises:
        GatewayError: the port is taken.
    """
    if listen is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(READ_S):
                for _ in range(MAX_LINES):
                    if not (await reader.readline()).strip():
                        break
                body = text(*figures()).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n"
                writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(answer, *listen)
    except OSError as fault:
        raise GatewayError(f"metrics.listen: found {said(fault)}; right would be a free address and port") from fault
    async with server:
        yield


def text(adverts: int, state: GatewayState) -> str:
    """The figures in Prometheus's text format."""
    figures = {
        "adverts_total counter": adverts,
        "adverts_not_enrolled_total counter": state.dropped,
        "adverts_per_second gauge": state.adverts_s,
        "scan_duty gauge": state.duty,
        "scanner_restarts_total counter": state.restarts,
        "devices gauge": state.devices,
        "batches_lost_total counter": state.lost_batches,
        "rows_withdrawn_total counter": state.withdrawn_rows,
        "mute_sessions_total counter": state.mute_sessions,
        "spool_batches gauge": state.spool_batches,
        "spool_bytes gauge": state.spool_bytes,
        "clock_synchronised gauge": int(state.wall_ok),
        "configured gauge": int(bool(state.config)),
    }
    lines = []
    for named, value in figures.items():
        name, kind = named.split()
        lines += [f"# TYPE innkeeper_gateway_{name} {kind}", f"innkeeper_gateway_{name} {value}"]
    lines.append("# TYPE innkeeper_gateway_scanning gauge")
    lines += [
        f'innkeeper_gateway_scanning{{adapter="{name}",mode="{each.scan}"}} {int(each.scan != "none")}'
        for name, each in state.adapters.items()
    ]
    return "\n".join(lines) + "\n"
