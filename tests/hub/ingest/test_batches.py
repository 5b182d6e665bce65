"""The quick reading of a batch, held to wire's own: whatever arrives, both say the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.ingest.batches import QuickBatch, read_batch
from wire.errors import Malformed
from wire.mqtt import codec
from wire.mqtt.batch import Batch
from wire.pseudonym import Pseudonym

ENROLLED = frozenset([Pseudonym("Wxyc7f0aKq2m_9Zt")])
TAG = "Wxyc7f0aKq2m_9Zt"
SOUND: dict[str, Any] = {
    "v": 1, "gw": "lobby-1", "epoch": "f3a1", "boot": "9c", "seq": 812, "low": 805, "sent": 73422511,
    "wall": 1795335600123, "wall_ok": True, "rows": [[TAG, 840, 12, 5, -71.2, -66, -70], [TAG, 9, 9, 1, -50, -50, -50]],
}  # fmt: skip
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, 2, -127, -128, 20, 21, 2**53 - 1, 2**53, 1_000_000, 1_000_001, 1.0, 812.0, 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "lobby-1", "Lobby 1", "\u200b", "a" * 64, "a" * 65, "Wxyc7f0aKq2m_9Z ", TAG + "\n"]),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
)
WHERE = st.one_of(
    st.sampled_from([(name,) for name in SOUND]),
    st.tuples(st.just("rows"), st.integers(0, 1)),
    st.tuples(st.just("rows"), st.integers(0, 1), st.integers(0, 6)),
)


def said(read: Callable[[], QuickBatch | Batch]) -> object:
    """The values of a batch, or the words of its refusal."""
    try:
        batch = read()
    except Malformed as fault:
        return str(fault)
    names = ("gateway", "epoch", "boot", "seq", "sent_ms", "low", "wall_ms", "wall_ok")
    return [getattr(batch, name) for name in names], [tuple(row) for row in batch.rows]


def agree(payload: bytes) -> None:
    for enrolled in (ENROLLED, frozenset[Pseudonym]()):
        assert said(lambda known=enrolled: read_batch(payload, "lobby-1", known).batch) == said(
            lambda: codec.decode_batch(payload, loads=msgspec.json.decode)
        )


def test_a_well_formed_batch_is_read_quickly() -> None:
    read = read_batch(msgspec.json.encode(SOUND), "lobby-1", ENROLLED)

    assert isinstance(read.batch, QuickBatch)
    assert read.all_enrolled


def test_one_tag_that_nobody_enrolled_is_noticed() -> None:
    for name, payload in (("quick", SOUND), ("slow", {**SOUND, "more": 1})):
        read = read_batch(msgspec.json.encode(payload), "lobby-1", frozenset())

        assert isinstance(read.batch, QuickBatch) == (name == "quick")
        assert not read.all_enrolled


@example(where=("gw",), value="lobby-2")
@example(where=("low",), value=813)
@example(where=("v",), value=2)
@example(where=("rows", 0, 1), value=11)  # first heard after it was last heard
@given(where=WHERE, value=ODD)
def test_whatever_stands_in_a_field_both_say_the_same(where: tuple[Any, ...], value: object) -> None:
    fields = copy.deepcopy(SOUND)
    inner: Any = fields
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value

    agree(msgspec.json.encode(fields))


@pytest.mark.parametrize("name", SOUND)
def test_whatever_is_missing_both_say_the_same(name: str) -> None:
    agree(msgspec.json.encode({key: value for key, value in SOUND.items() if key != name}))


@given(at=st.integers(0, 400), byte=st.integers(0, 255))
def test_whatever_byte_is_bent_both_say_the_same(at: int, byte: int) -> None:
    payload = bytearray(msgspec.json.encode(SOUND))
    payload[at % len(payload)] = byte

    agree(bytes(payload))
