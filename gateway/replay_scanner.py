"""What would the radio have heard? A recording, played in real time as if it were heard now.

Each line `{"t": seconds, "gateway": id, "tag": id, "rssi": dBm}` of this gateway becomes the advert that such a tag
sends, and goes the same way as one from the air. The first line of the file is now; the others follow by their
`t`, at once where they are late. At the end of the file we wait for more: another program may write while we read.
A line that cannot be read is passed over; the first one is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

from gateway.errors import ScannerUnavailable, said
from gateway.port import Hear, Listening
from wire.advert import formats
from wire.advert.advertisement import Advertisement
from wire.advert.frame import VendorBeacon
from wire.advert.vendor import VendorFormats
from wire.errors import Malformed
from wire.recording import LEAST_DBM, MOST_DBM, is_level, is_time
from wire.tag import frame_of

LOOK_AGAIN_S: Final = 0.02  # at the end of the file; a fifth of what may pass until a first sight is told
LINES_AT_ONCE: Final = 500  # then others have their turn
MAX_TAGS: Final = 10_000  # whose adverts are remembered

logger = logging.getLogger(__name__)


class Line(NamedTuple):
    """One line of a recording."""

    t: float
    gateway: str
    tag: str
    rssi_dbm: int


class ReplayScanner:
    """A recording in place of a radio."""

    source = "replay"
    patience_s: float | None = None  # a recording may be silent for as long as it likes

    def __init__(
        self, file: Path, gateway: str, *, now: Callable[[], float], vendors: VendorFormats | None = None
    ) -> None:
        self._file = file
        self._vendors = vendors or VendorFormats()
        self._gateway = gateway
        self._now = now
        self._adverts: dict[str, Advertisement] = {}

    @asynccontextmanager
    async def listen(self, hear: Hear) -> AsyncIterator[Listening]:
        """Play while the block runs.

        Raises:
            ScannerUnavailable: the file cannot be opened.
        """
        try:
            stream = self._file.open("rb")
        except OSError as fault:
            raise ScannerUnavailable(f"{self._file}: found {said(fault)}; right would be a recording") from fault
        with stream:
            playing = asyncio.create_task(self._play(stream, hear), name="replay")
            try:
                yield Listening(mode="replay")
            finally:
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing

    async def self_test(self) -> str:
        """A recording is always heard."""
        return ""

    async def power_cycle(self) -> None:
        """There is nothing to switch."""

    async def _play(self, stream: io.BufferedReader, hear: Hear) -> None:
        begun: float | None = None  # our clock at t = 0
        complained = False
        async for text in _follow(stream):
            try:
                line = read_line(text)
                begun = self._now() - line.t if begun is None else begun
                if line.gateway != self._gateway:
                    continue
                advert = self._advert(line)
            except Malformed as fault:
                if not complained:
                    logger.warning("A line of the recording cannot be read", extra={"fault": str(fault)})
                    complained = True
                continue
            await _sleep_until(begun + line.t, self._now)
            hear(advert, self._now())

    def _advert(self, line: Line) -> Advertisement:
        advert = self._adverts.get(line.tag)
        if advert is None or advert.rssi_dbm != line.rssi_dbm:
            if len(self._adverts) >= MAX_TAGS:
                self._adverts.clear()
            frame, address = frame_of(line.tag), _address(line.tag)
            if isinstance(frame, VendorBeacon):
                advert = self._vendors.encode(frame, address=address, rssi_dbm=line.rssi_dbm)
            else:
                advert = formats.encode(frame, address=address, rssi_dbm=line.rssi_dbm)
            self._adverts[line.tag] = advert
        return advert


def read_line(text: bytes) -> Line:
    """One line of a recording; what else it holds, such as `zone`, is not looked at.

    Raises:
        Malformed: it is none.
    """
    try:
        fields = json.loads(text)
        t, gateway, tag, rssi = (fields[name] for name in ("t", "gateway", "tag", "rssi"))
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise Malformed("recording", text[:60], '{"t", "gateway", "tag", "rssi"}') from fault
    if type(t) not in {int, float} or not is_time(t) or type(rssi) not in {int, float} or not is_level(rssi):
        raise Malformed("recording", text[:60], f"t in seconds, rssi in dBm from {LEAST_DBM} to {MOST_DBM}")
    if type(gateway) is not str or type(tag) is not str:
        raise Malformed("recording", text[:60], "gateway and tag as texts")
    return Line(float(t), gateway, tag, round(rssi))


async def _follow(stream: io.BufferedReader) -> AsyncIterator[bytes]:
    """Whole lines, for ever; sleeps at the end of the file."""
    begun = b""
    since_sleep = 0
    while True:
        text = stream.readline()
        begun += text
        since_sleep += 1
        if not begun.endswith(b"\n"):
            await asyncio.sleep(LOOK_AGAIN_S)
            continue
        if since_sleep >= LINES_AT_ONCE:
            since_sleep = 0
            await asyncio.sleep(0)
        line, begun = begun, b""
        if line.strip():
            yield line


async def _sleep_until(due: float, now: Callable[[], float]) -> None:
    left = due - now()
    if left > 0:
        await asyncio.sleep(left)


def _address(tag: str) -> str:
    """A random static address that is always this tag's."""
    return (b"\xc0\x00" + crc32(tag.encode()).to_bytes(4, "big")).hex(":").upper()
