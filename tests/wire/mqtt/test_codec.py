"""Messages as bytes: round trips over any JSON library, strict reading, and no payload that hurts."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Malformed
from wire.mqtt import codec
from wire.mqtt.batch import Batch, Row
from wire.mqtt.envelope import MAX_BYTES, Dumps, Loads
from wire.mqtt.messages import Ack, DesiredConfig, GatewayState, TagHealth
from wire.pseudonym import Pseudonym


def stdlib_dumps(fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


LIBRARIES: list[tuple[Dumps, Loads]] = [(stdlib_dumps, json.loads), (msgspec.json.encode, msgspec.json.decode)]
libraries = pytest.mark.parametrize(("dumps", "loads"), LIBRARIES, ids=["stdlib", "msgspec"])

exact = st.integers(0, 2**53 - 1)
marks = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
names = st.from_regex(r"[A-Za-z0-9_-]{16}", fullmatch=True).map(Pseudonym)
ids = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)
dbm = st.integers(-127, 20)
ages = st.tuples(st.integers(0, 100_000), st.integers(0, 100_000)).map(lambda pair: (max(pair), min(pair)))
rows = st.builds(
    lambda tag, age, n, mean, most, last: Row(tag, age[0], age[1], n, mean / 10, most, last),
    names,
    ages,
    st.integers(1, 1000),
    st.integers(-1270, 200),
    dbm,
    dbm,
)
batches = st.builds(
    Batch,
    gateway=ids,
    epoch=marks,
    boot=marks,
    seq=st.integers(100, 2**53 - 1),
    low=st.integers(1, 100),
    sent_ms=exact,
    wall_ms=exact,
    wall_ok=st.booleans(),
    rows=st.lists(rows, max_size=20).map(tuple),
)
acks = st.builds(
    lambda upto, steps, **rest: Ack(upto=upto, also=ranges(upto, steps), **rest),
    upto=st.integers(0, 2**40),
    steps=st.lists(st.tuples(st.integers(2, 1000), st.integers(0, 1000)), max_size=10),
    epoch=marks,
    bucket=st.integers(0, 65535),
)
configs = st.builds(
    DesiredConfig,
    version=exact,
    key=st.binary(min_size=32, max_size=32),
    tags=st.dictionaries(names, st.integers(0, 65535), max_size=50),
    window_ms=st.integers(1, 60_000),
    heartbeat_ms=st.integers(1, 60_000),
    delta_db=st.floats(0, 50),
    max_batches_s=st.floats(0.1, 1000),
)
texts = st.text(max_size=200)
states = st.builds(
    GatewayState,
    online=st.booleans(),
    **dict.fromkeys(["version", "bleak", "boot", "source", "scan", "scan_note", "config", "config_error"], texts),
    adverts_s=st.floats(0, 1e6),
    **dict.fromkeys(["devices", "dropped", "spool_batches", "spool_bytes", "lost_batches"], exact),
    **dict.fromkeys(["withdrawn_rows", "mute_sessions"], exact),
    wall_ok=st.booleans(),
)


def ranges(upto: int, steps: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for gap, length in steps:
        first = (found[-1][1] if found else upto) + gap
        found.append((first, first + length))
    return tuple(found)


@libraries
@given(batches)
def test_a_batch_comes_back(dumps: Dumps, loads: Loads, batch: Batch) -> None:
    assert codec.decode_batch(codec.encode_batch(batch, dumps=dumps), loads=loads) == batch


@libraries
@given(acks)
def test_an_ack_comes_back(dumps: Dumps, loads: Loads, ack: Ack) -> None:
    assert codec.decode_ack(codec.encode_ack(ack, dumps=dumps), loads=loads) == ack


@libraries
@given(configs)
def test_a_config_comes_back(dumps: Dumps, loads: Loads, config: DesiredConfig) -> None:
    assert codec.decode_config(codec.encode_config(config, dumps=dumps), loads=loads) == config


@libraries
@given(states)
def test_a_state_comes_back(dumps: Dumps, loads: Loads, state: GatewayState) -> None:
    assert codec.decode_state(codec.encode_state(state, dumps=dumps), loads=loads) == state


def test_a_large_batch_travels_compressed_and_a_small_one_plain() -> None:
    small, large = (codec.encode_batch(a_batch(rows=count), dumps=stdlib_dumps) for count in (1, 200))

    assert small[:1] == b"{"
    assert large[:1] == b"\x78"
    assert len(large) < 200 * 40


A_ROW = ["Wxyc7f0aKq2m_9Zt", 840, 12, 5, -71.2, -66, -70]
GOOD: dict[str, Any] = {
    "v": 1,
    "gw": "lobby-1",
    "epoch": "e",
    "boot": "b",
    "seq": 8,
    "low": 5,
    "sent": 1,
    "rows": [A_ROW],
}


def a_batch(*, rows: int) -> Batch:
    some = tuple(Row(Pseudonym(f"{at:016x}"), 900, at % 100, 5, -70.1, -60, -71) for at in range(rows))
    return Batch(gateway="lobby-1", epoch="e", boot="b", seq=1, low=1, sent_ms=1, rows=some)


def row_with(at: int, value: object) -> list[object]:
    return [*A_ROW[:at], value, *A_ROW[at + 1 :]]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"v": 2}, "batch v"),
        ({"v": True}, "batch v"),
        ({"v": 1.0}, "batch v"),
        ({"gw": "Lobby"}, "batch gw"),
        ({"gw": 1}, "batch gw"),
        ({"epoch": ""}, "batch epoch"),
        ({"epoch": "a\nb"}, "batch epoch"),
        ({"epoch": "x" * 65}, "batch epoch"),
        ({"boot": None}, "batch boot"),
        ({"seq": 0}, "batch seq"),
        ({"seq": True}, "batch seq"),
        ({"seq": 1.0}, "batch seq"),
        ({"seq": 2**53}, "batch seq"),
        ({"low": 0}, "batch low"),
        ({"low": 9}, "batch low"),
        ({"sent": "now"}, "batch sent"),
        ({"sent": False}, "batch sent"),
        ({"wall": "noon"}, "batch wall"),
        ({"wall": 1, "wall_ok": 1}, "batch wall_ok"),
        ({"rows": {}}, "batch rows"),
        ({"rows": [A_ROW] * 2001}, "batch rows"),
        ({"rows": ["sevenup"]}, "batch row 0 tag"),
        ({"rows": [A_ROW, A_ROW[:6]]}, "batch row 1"),
        ({"rows": [7]}, "batch row 0"),
        ({"rows": [row_with(0, "short")]}, "batch row 0 tag"),
        ({"rows": [row_with(0, "Wxyc7f0aKq2m/9Zt")]}, "batch row 0 tag"),
        ({"rows": [row_with(0, "Wxyc7f0aKq2m_9Z\u00e9")]}, "batch row 0 tag"),
        ({"rows": [row_with(1, -1)]}, "batch row 0 first age"),
        ({"rows": [row_with(1, 5)]}, "batch row 0 last age"),
        ({"rows": [row_with(1, 1.0)]}, "batch row 0 first age"),
        ({"rows": [row_with(2, -1)]}, "batch row 0 last age"),
        ({"rows": [row_with(3, 0)]}, "batch row 0 readings"),
        ({"rows": [row_with(4, "loud")]}, "batch row 0 levels"),
        ({"rows": [row_with(4, -200)]}, "batch row 0 levels"),
        ({"rows": [row_with(5, 127)]}, "batch row 0 levels"),
        ({"rows": [row_with(6, -70.5)]}, "batch row 0 levels"),
    ],
)
def test_a_malformed_batch_is_refused_and_says_where(change: dict[str, object], where: str) -> None:
    with pytest.raises(Malformed, match="; right would be ") as caught:
        codec.decode_batch(stdlib_dumps(GOOD | change), loads=json.loads)

    assert caught.value.where == where


@pytest.mark.parametrize("missing", ["v", "gw", "epoch", "boot", "seq", "sent"])
def test_a_batch_without_a_required_field_is_refused(missing: str) -> None:
    rest = {name: value for name, value in GOOD.items() if name != missing}

    with pytest.raises(Malformed, match=f"batch {missing}"):
        codec.decode_batch(stdlib_dumps(rest), loads=json.loads)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400])
@pytest.mark.parametrize("field", ["sent", "seq"])
def test_a_number_that_is_none_is_refused(field: str, number: str) -> None:
    text = stdlib_dumps(GOOD | {field: "HERE"}).replace(b'"HERE"', number.encode())

    with pytest.raises(Malformed, match=f"batch {field}"):
        codec.decode_batch(text, loads=json.loads)


@pytest.mark.parametrize("mean", ["NaN", "1e400", "-1" + "0" * 400])
def test_a_mean_that_is_no_number_is_refused(mean: str) -> None:
    text = stdlib_dumps(GOOD | {"rows": [row_with(4, "HERE")]}).replace(b'"HERE"', mean.encode())

    with pytest.raises(Malformed, match="levels"):
        codec.decode_batch(text, loads=json.loads)


def test_a_newer_gateway_may_say_more() -> None:
    batch = codec.decode_batch(stdlib_dumps(GOOD | {"weather": "fine"}), loads=json.loads)

    assert batch.seq == 8


def test_a_mean_may_be_a_whole_number() -> None:
    batch = codec.decode_batch(stdlib_dumps(GOOD | {"rows": [row_with(4, -60)]}), loads=json.loads)

    assert batch.rows[0].mean_dbm == -60


def test_a_small_payload_cannot_inflate_without_end() -> None:
    bomb = zlib.compress(b"{" + b" " * (50 * MAX_BYTES), 9)

    with pytest.raises(Malformed, match=f"at most {MAX_BYTES} bytes"):
        codec.decode_batch(bomb, loads=json.loads)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"{}",
        b"\x78",
        zlib.compress(b"{}")[:-2],
        zlib.compress(stdlib_dumps(GOOD)) + b"more",
        b"{" + b" " * MAX_BYTES + b"}",
        b'{"v":1,"rows":' + b"[" * 100_000,
        b'{"v":1,"epoch":"\xff"}',
    ],
)
@libraries
def test_bytes_that_are_no_message_are_refused(dumps: Dumps, loads: Loads, payload: bytes) -> None:
    del dumps

    with pytest.raises(Malformed):
        codec.decode_batch(payload, loads=loads)


@libraries
@given(st.binary(max_size=200) | st.binary(max_size=200).map(zlib.compress) | st.binary(max_size=99).map(b"{".__add__))
def test_p30_any_bytes_are_a_message_or_malformed(dumps: Dumps, loads: Loads, payload: bytes) -> None:
    del dumps

    for decode in (codec.decode_batch, codec.decode_ack, codec.decode_config, codec.decode_state):
        with pytest.raises(Malformed):
            decode(payload, loads=loads)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_any_value_in_any_field_is_read_or_malformed(field: str, value: object) -> None:
    payload = stdlib_dumps(GOOD | {field: value})

    with suppress(Malformed):
        assert isinstance(codec.decode_batch(payload, loads=json.loads), Batch)


@pytest.mark.parametrize(
    "also", [[[5]], [5], [["a", "b"]], [[814, 813]], [[813, 815]], [[900, 905], [906, 907]], [[True, 900]]]
)
def test_an_ack_s_ranges_are_ascending_and_apart(also: object) -> None:
    with pytest.raises(Malformed, match="ack also"):
        codec.decode_ack(stdlib_dumps({"v": 1, "epoch": "e", "bucket": 0, "upto": 812, "also": also}), loads=json.loads)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"key": "00"}, "config key"),
        ({"key": None}, "config key"),
        ({"tags": []}, "config tags"),
        ({"tags": {"short": 0}}, "config tags"),
        ({"tags": {"Wxyc7f0aKq2m_9Zt": -1}}, "config tags bucket"),
        ({"tags": {"Wxyc7f0aKq2m_9Zt": True}}, "config tags bucket"),
        ({"version": -1}, "config version"),
        ({"window_ms": 0}, "config window_ms"),
        ({"heartbeat_ms": 60_001}, "config heartbeat_ms"),
        ({"delta_db": "3"}, "config delta_db"),
        ({"max_batches_s": 0}, "config max_batches_s"),
    ],
)
def test_a_malformed_config_is_refused_and_never_quotes_the_key(change: dict[str, object], where: str) -> None:
    key = "ab" * 32
    good = {"v": 1, "version": 1, "key": key, "tags": {}}

    with pytest.raises(Malformed) as caught:
        codec.decode_config(stdlib_dumps(good | change), loads=json.loads)

    assert caught.value.where == where
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"a" * 16: [655_350, None, None, 1]},
        {"a" * 16: [True, None, None, 1]},
        {"a" * 16: [3000, 128.5, None, 1]},
        {"a" * 16: [3000, None, 1.5, 1]},
        {"a" * 16: [3000, None, None, -1]},
        {"a" * 16: [3000, None, None]},
        {"a" * 16: None},
        {"short": [3000, None, None, 1]},
    ],
)
def test_what_is_wrong_with_one_tag_costs_a_state_that_tag_alone(entry: dict[str, object]) -> None:
    good: dict[str, object] = {"Wxyc7f0aKq2m_9Zt": [2960, 21.5, 0.83, 12]}
    payload = stdlib_dumps({"v": 1, "online": True, "adverts_s": 41.5, "tags": entry | good})

    state = codec.decode_state(payload, loads=json.loads)

    health = TagHealth(battery_mv=2960, temperature_c=21.5, reception=0.83, age_s=12)
    assert state == GatewayState(online=True, adverts_s=41.5, tags={Pseudonym("Wxyc7f0aKq2m_9Zt"): health})


@pytest.mark.parametrize("tags", [[], "none", {f"{n:016d}": [1, None, None, 1] for n in range(1001)}])
def test_tags_that_are_none_or_too_many_are_refused(tags: object) -> None:
    with pytest.raises(Malformed, match="state tags"):
        codec.decode_state(stdlib_dumps({"v": 1, "online": True, "tags": tags}), loads=json.loads)


def test_a_config_has_the_name_of_its_bytes() -> None:
    # printf '{}' | sha256sum | cut -c1-16
    assert codec.config_hash(b"{}") == "44136fa355b3678a"


@pytest.mark.parametrize("row", [row_with(0, "beacon-0badcafe"), ["0badcafe"], "0badcafe", {"0badcafe": 1}])
def test_fault_of_a_row_never_names_a_beacon(row: object) -> None:
    with pytest.raises(Malformed) as fault:
        codec.decode_batch(stdlib_dumps(GOOD | {"rows": [row]}), loads=json.loads)

    assert "0badcafe" not in str(fault.value)
