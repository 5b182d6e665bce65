"""What the hub wants of its gateways reaches them when it changes, and after every outage."""

from __future__ import annotations

import json

from hub.link.downlink import Downlink
from wire.mqtt import codec
from wire.mqtt.messages import Ack, DesiredConfig
from wire.pseudonym import Pseudonym

ALICE = Pseudonym("Wxyc7f0aKq2m_9Zt")
BOB = Pseudonym("AAAAAAAAAAAAAAAA")
KEY = bytes(range(32))


class Post:
    """A broker that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        self.sent.append((topic, payload, retain))
        return True


class Versions:
    """hub.link.downlink.Configs in memory."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, str]] = {}

    async def version(self, venue: str, digest: str) -> int:
        version, before = self._last.get(venue, (0, ""))
        self._last[venue] = (version + (before != digest), digest)
        return self._last[venue][0]


def wanted(*tags: Pseudonym) -> DesiredConfig:
    return DesiredConfig(version=0, key=KEY, tags=dict.fromkeys(tags, 0))


async def test_every_gateway_of_the_venue_is_told_retained() -> None:
    post = Post()

    version = await Downlink(post, Versions()).want("marlton", ["lobby-1", "bar-1"], wanted(ALICE))

    assert [(topic, retain) for topic, _, retain in post.sent] == [
        ("ik/1/marlton/lobby-1/config", True),
        ("ik/1/marlton/bar-1/config", True),
    ]
    config = codec.decode_config(post.sent[0][1], loads=json.loads)
    assert (config.version, config.key, config.tags) == (version, KEY, {ALICE: 0}) == (1, KEY, {ALICE: 0})


async def test_same_wish_is_not_sent_again_and_another_has_a_higher_version() -> None:
    post = Post()
    downlink = Downlink(post, Versions())
    await downlink.want("marlton", ["lobby-1"], wanted(ALICE, BOB))

    same = await downlink.want("marlton", ["lobby-1"], wanted(BOB, ALICE))
    other = await downlink.want("marlton", ["lobby-1"], wanted(BOB))

    assert (same, other, len(post.sent)) == (1, 2, 2)


async def test_all_are_told_again_when_the_link_comes_up() -> None:
    post = Post()
    downlink = Downlink(post, Versions())
    await downlink.want("marlton", ["lobby-1"], wanted(ALICE))
    first = list(post.sent)

    downlink.tell_all()

    assert post.sent == first * 2


async def test_hub_knows_what_a_gateway_calls_the_configuration_in_force() -> None:
    post = Post()
    downlink = Downlink(post, Versions())
    await downlink.want("marlton", ["lobby-1"], wanted(ALICE))

    assert downlink.wanted_hash("marlton", "lobby-1") == codec.config_hash(post.sent[0][1])
    assert downlink.wanted_hash("marlton", "bar-1") is None


async def test_revoked_gateway_is_told_nothing_more_and_leaves_nothing_at_the_broker() -> None:
    post = Post()
    downlink = Downlink(post, Versions())
    await downlink.want("marlton", ["lobby-1"], wanted(ALICE))

    downlink.forget("marlton", "lobby-1")
    downlink.tell_all()

    assert post.sent[1:] == [("ik/1/marlton/lobby-1/config", b"", True)]


def test_acknowledgement_goes_to_the_gateway_and_is_not_retained() -> None:
    post = Post()

    Downlink(post, Versions()).acknowledge(
        "marlton", "lobby-1", Ack(epoch="e1", bucket=0, upto=812, also=((900, 934),))
    )

    ((topic, payload, retain),) = post.sent
    assert (topic, retain) == ("ik/1/marlton/lobby-1/ack", False)
    assert json.loads(payload) == {"v": 1, "epoch": "e1", "bucket": 0, "upto": 812, "also": [[900, 934]]}
