"""A broker's bytes, in pieces of any size, are the messages that it sent; every other packet is handed on as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.link.packets import Packets, Published

PINGRESP = b"\xd0\x00"
SUBACK = b"\x90\x03\x00\x01\x01"


def publish(topic: bytes, payload: bytes, mid: int, properties: bytes | None = None) -> bytes:
    """One PUBLISH; QoS 0 without a mid."""
    body = len(topic).to_bytes(2, "big") + topic + (mid.to_bytes(2, "big") if mid else b"")
    body += (b"" if properties is None else properties) + payload
    length, first = len(body), 0x32 if mid else 0x30
    out = bytes([first])
    while length >= 128:
        out += bytes([length & 127 | 128])
        length >>= 7
    return out + bytes([length]) + body


def test_message_with_qos_1_is_read_byte_by_byte() -> None:
    packet = bytes.fromhex("32 09 0003 612f62 0102 6869")

    messages, others = Packets(properties=False).take(packet)

    assert messages == [Published("a/b", b"hi", 0x0102, 1, None)]
    assert others == b""


def test_message_of_mqtt_5_tells_what_remains_of_its_expiry_among_its_properties() -> None:
    told = Properties(PacketTypes.PUBLISH)
    told.MessageExpiryInterval = 77
    told.PayloadFormatIndicator = 1
    told.ContentType = "json"
    told.ResponseTopic = "r"
    told.CorrelationData = b"c" * 200
    told.SubscriptionIdentifier = 300
    told.UserProperty = ("a", "b")

    messages, others = Packets(properties=True).take(publish(b"a", b"x", 7, told.pack()))

    assert messages == [Published("a", b"x", 7, 1, 77.0)]
    assert others == b""


messages_sent = st.lists(
    st.tuples(st.sampled_from([b"a", b"ik/1/m/g/live/0"]), st.binary(max_size=300), st.integers(0, 65535))
    | st.sampled_from([PINGRESP, SUBACK]),
    max_size=8,
)


@pytest.mark.parametrize("properties", [b"\x00", None], ids=["5", "3.1.1"])
@given(sent=messages_sent, cuts=st.lists(st.integers(0, 2000), max_size=8))
def test_pieces_of_any_size_make_the_same_messages(
    properties: bytes | None,
    sent: list[tuple[bytes, bytes, int] | bytes],
    cuts: list[int],
) -> None:
    stream = b"".join(one if isinstance(one, bytes) else publish(*one, properties) for one in sent)
    packets = Packets(properties=properties is not None)

    got: list[Published] = []
    rest = b""
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        messages, others = packets.take(stream[start:end])
        got += messages
        rest += others

    wanted = [one for one in sent if not isinstance(one, bytes)]
    assert [(one.topic.encode(), one.payload, one.mid) for one in got] == wanted
    assert rest == b"".join(one for one in sent if isinstance(one, bytes))


@pytest.mark.parametrize(
    "packet",
    [
        b"\x34\x05\x00\x01a\x00\x01",  # QoS 2, which we do not ask for
        b"\x32\x01\x00",  # no room for a name
        b"\x32\x04\x00\x09ab",  # a name that is longer than the packet
    ],
)
def test_packet_that_cannot_be_read_is_left_to_paho(packet: bytes) -> None:
    assert Packets(properties=False).take(packet + PINGRESP) == ([], packet + PINGRESP)


@pytest.mark.parametrize("properties", [b"\x02\x77\x00", b"\x7f\x01\x00", b"\x02\x0b\x80", b"\x80\x80\x80\x80\x80"])
def test_message_with_broken_properties_is_left_to_paho(properties: bytes) -> None:
    packet = publish(b"a", b"", 1, properties)

    assert Packets(properties=True).take(packet) == ([], packet)


def test_length_that_never_ends_is_left_to_paho() -> None:
    assert Packets(properties=True).take(b"\x32\xff\xff\xff\xff\xff\x00")[1].startswith(b"\x32\xff\xff\xff\xff\xff")


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    for properties in (True, False):
        Packets(properties=properties).take(data)
