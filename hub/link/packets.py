"""Which messages stand in the bytes that a broker sent? PUBLISH is taken apart here; every other packet is paho's.

paho asks the kernel for each packet three times and makes a dozen objects of it: at one sighting a message, that would
be most of the hub's work. What cannot be read here is left to paho as it came, so that it says what is wrong with it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

PUBLISH: Final = 0x30
KIND: Final = 0xF0  # of the first byte
QOS_2: Final = 0x04  # we subscribe with QoS 1, so no broker sends it
QOS_1: Final = 0x02
MORE: Final = 0x80  # of a length's bytes: another follows
LONGEST_LENGTH: Final = 4  # bytes
EXPIRY: Final = 0x02  # MQTT 5: the message expiry interval

_TEXT, _PAIR, _NUMBER = -1, -2, -3
_SIZES: Final = {0x01: 1, EXPIRY: 4, 0x03: _TEXT, 0x08: _TEXT, 0x09: _TEXT, 0x0B: _NUMBER, 0x23: 2, 0x26: _PAIR}
# MQTT 5, 3.3.2.3: the properties that a PUBLISH may have, and how long each is.


class Published(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    mid: int
    qos: int  # 0 or 1
    expiry_left_s: float | None


class Packets:
    """What one connection sent, put together again from pieces of any size."""

    def __init__(self, *, properties: bool) -> None:
        self._properties = properties  # does every PUBLISH have some, as in MQTT 5?
        self._rest = bytearray()  # of a packet that is not whole yet
        self._missing = 0  # bytes of it, at least

    def take(self, data: bytes) -> tuple[list[Published], bytes]:
        """The messages that are whole by now, and all other packets, in order."""
        if self._rest:
            self._rest += data
            if len(data) < self._missing:
                self._missing -= len(data)
                return [], b""
            data = bytes(self._rest)
        messages: list[Published] = []
        others: list[bytes] = []
        at, size = 0, len(data)
        self._missing = 1
        while size - at > 1:
            first, length, start = data[at], data[at + 1], at + 2
            if length & MORE:
                length, start = _length(data, at + 1)
            if start == 0:
                break  # the length itself is not whole
            end = start + length
            if end > size:
                self._missing = end - size
                break
            message = self._message(first, data, start, end) if first & KIND == PUBLISH else None
            if message is None:
                others.append(data[at:end])
            else:
                messages.append(message)
            at = end
        self._rest = bytearray(data[at:])
        return messages, b"".join(others)

    def _message(self, first: int, data: bytes, at: int, end: int) -> Published | None:
        """The PUBLISH there; None when it is none that we read."""
        named = at + 2 + (data[at] << 8 | data[at + 1] if end - at > 1 else 0)
        begin = named + 2 if first & QOS_1 else named
        if begin > end or first & QOS_2 or end - at < 2:  # noqa: PLR2004  the name's length
            return None
        mid = data[named] << 8 | data[named + 1] if first & QOS_1 else 0
        left: float | None = None
        if self._properties:
            try:
                begin, left = _after_properties(data, begin, end)
            except IndexError:
                return None
            if begin > end:
                return None
        try:
            topic = data[at + 2 : named].decode()
        except UnicodeDecodeError:
            topic = ""  # none of ours
        return Published(topic, data[begin:end], mid, 1 if first & QOS_1 else 0, left)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A length of several bytes, and where it ends; 0 where it is not whole.

    One that never ends is taken for as long as it may be, and paho, who gets it, objects.
    """
    length = 0
    for place in range(LONGEST_LENGTH):
        if at + place == len(data):
            return 0, 0
        byte = data[at + place]
        length |= (byte & ~MORE) << 7 * place
        if not byte & MORE:
            return length, at + place + 1
    return 0, at + LONGEST_LENGTH + 1


def _after_properties(data: bytes, at: int, end: int) -> tuple[int, float | None]:
    """Where a message's properties end, and the one that we ask for. IndexError: they are not what they should be."""
    length, begin = (data[at], at + 1) if not data[at] & MORE else _length(data[:end], at)
    if not at < begin <= at + LONGEST_LENGTH or begin + length > end:
        raise IndexError
    at, stop = begin, begin + length
    left: float | None = None
    while at < stop:
        if data[at] == EXPIRY:
            left = float(int.from_bytes(data[at + 1 : at + 5], "big"))
        at = _after_property(data[:stop], at)
    if at != stop:
        raise IndexError
    return stop, left


def _after_property(data: bytes, at: int) -> int:
    size = _SIZES.get(data[at], 0)
    at += 1
    if size > 0:
        return at + size
    if size == _NUMBER:
        return _length(data, at)[1] or len(data) + 1
    if size == 0:
        raise IndexError
    for _ in range(-size):  # a text, or two
        at += 2 + (data[at] << 8 | data[at + 1])
    return at
