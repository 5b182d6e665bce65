"""The wire's page is normative: what it says in words and examples, the code does."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import wire
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig, GatewayState
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

README = (Path(wire.__file__).parent / "README.md").read_text()


def examples(kind: str) -> list[bytes]:
    return [text.encode() for text in re.findall(rf"```json {kind}\n(.*?)```", README, re.DOTALL)]


def test_its_batches_can_be_read() -> None:
    whole, by_hand = (codec.decode_batch(example, loads=json.loads) for example in examples("batch"))

    assert (whole.gateway, whole.epoch, whole.seq, whole.low, whole.wall_ok) == ("lobby-1", "f3a1c2", 812, 805, True)
    assert whole.rows == (("Wxyc7f0aKq2m_9Zt", 840, 12, 5, -71.2, -66, -70),)
    assert (by_hand.low, by_hand.wall_ms, by_hand.wall_ok) == (1, None, False)


def test_its_acknowledgement_can_be_read() -> None:
    (example,) = examples("ack")

    ack = codec.decode_ack(example, loads=json.loads)

    assert (ack.bucket, ack.upto, ack.also) == (0, 812, ((900, 934),))


def test_its_configuration_can_be_read_and_names_every_field() -> None:
    (example,) = examples("config")

    config = codec.decode_config(example, loads=json.loads)

    assert (config.version, config.key, dict(config.tags)) == (17, bytes(32), {"Wxyc7f0aKq2m_9Zt": 0})
    assert set(json.loads(example)) == {field.name for field in fields(DesiredConfig)} | {"v"}


def test_its_state_can_be_read_and_names_every_field() -> None:
    (example,) = examples("state")

    state = codec.decode_state(example, loads=json.loads)

    assert (state.online, state.scan, state.dropped) == (True, "hybrid", 90210)
    assert set(json.loads(example)) == {field.name for field in fields(GatewayState)} | {"v"}


def test_its_topics_are_all_of_ours() -> None:
    named = set(re.findall(r"^\| `(ik/[^`]*)`", README, re.MULTILINE))

    ours = {f("{venue}", "{gateway}") for f in (topics.state, topics.ack, topics.config)}
    ours |= {f("{venue}", "{gateway}", "{bucket}") for f in (topics.live, topics.log)}  # type: ignore[arg-type]  # a name in place of a number
    assert named == ours


def test_its_pseudonym_is_the_one_of_its_tag_and_key() -> None:
    tag, key, name = re.search(r"`(ibeacon:[^`]*)`.*`(0{64})`.*`([\w-]{16})`", README, re.DOTALL).groups()  # type: ignore[union-attr]  # a missing example fails the test

    assert pseudonym(bytes.fromhex(key), parse_tag(tag)) == name
