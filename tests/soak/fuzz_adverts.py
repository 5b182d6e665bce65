"""atheris on every parser: `python -m tests.soak.fuzz_adverts -runs=N [-seed=S]`, in an environment that has atheris.

The first byte of an input says which parser it is for; the rest is the advert's data, or the message's payload.
What a parser may raise is Malformed, of messages alone; anything else is a crash, and ends the run.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

atheris: Any = importlib.import_module("atheris")  # it has no types, and is not installed everywhere

with atheris.instrument_imports(include=["wire", "gateway.reading"]):
    from gateway.reading import Door
    from wire.advert import altbeacon, eddystone, eid, formats, ibeacon
    from wire.advert.advertisement import Advertisement
    from wire.errors import Malformed
    from wire.mqtt import codec, topics
    from wire.tag import parse_tag

from tests.fakes.mutants import DESCRIBED, FRAMES, KEY  # noqa: E402  what it imports is instrumented before

README: Final = Path(__file__).parents[2] / "wire/README.md"
DOOR: Final = Door(DESCRIBED)
DOOR.enrol(KEY, {})


def a_message(read: Callable[..., object]) -> Callable[[bytes], object]:
    def parse(data: bytes) -> None:
        with contextlib.suppress(Malformed):
            read(data, loads=json.loads)

    return parse


def a_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    def parse(data: bytes) -> None:
        with contextlib.suppress(Malformed):
            read(data.decode("utf-8", "surrogateescape"))

    return parse


def an_advert(data: bytes) -> None:
    split = len(data) // 2
    company = int.from_bytes(data[:2], "little")
    adv = Advertisement(
        address="C0:00:00:00:00:01",
        rssi_dbm=-60,
        manufacturer_data={company: data[2:split], 0x0639: data[2:]},
        service_data={eddystone.SERVICE: data[split:]},
    )
    formats.decode(adv)
    DESCRIBED.decode(adv)
    DOOR.admit(adv)
    DOOR.telemetry.clear()


PARSERS: Final[tuple[Callable[[bytes], object], ...]] = (
    ibeacon.decode,
    lambda data: altbeacon.decode(0xFFFF, data),
    eddystone.decode,
    eid.decode,
    lambda data: DESCRIBED.decode_manufacturer(0x0639, data),
    an_advert,
    a_message(codec.decode_batch),
    a_message(codec.decode_ack),
    a_message(codec.decode_config),
    a_message(codec.decode_state),
    a_text(topics.parse),
    a_text(parse_tag),
)


def one_input(data: bytes) -> None:
    if data:
        PARSERS[data[0] % len(PARSERS)](data[1:])


def seeds() -> Iterator[bytes]:
    """What the corpus begins with: a right input of every parser."""
    for number in range(6):
        yield from (bytes([number]) + frame for frame in FRAMES)
    messages = re.findall(r"```json (batch|ack|config|state)\n(.*?)```", README.read_text(), re.DOTALL)
    readers = {"batch": 6, "ack": 7, "config": 8, "state": 9}
    for kind, text in messages:
        yield bytes([readers[kind]]) + text.strip().encode()
        yield bytes([readers[kind]]) + zlib.compress(text.strip().encode())
    yield b"\x0aik/1/marlton/lobby-1/live/0"
    for tag in ("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7", "eid:spa-7", "vendor:card:0102"):
        yield b"\x0b" + tag.encode()


def main(arguments: list[str]) -> None:
    """Never returns: the fuzzer ends the process, with 0 when nothing crashed."""
    corpus = Path(tempfile.mkdtemp(prefix="adverts-"))
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([*arguments, str(corpus)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
