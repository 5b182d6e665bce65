"""Topics: written and read alike, and nothing else is ours."""

from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.advert.frame import TagId
from wire.errors import Malformed
from wire.mqtt import topics
from wire.mqtt.topics import Topic

ids = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)


@given(ids, ids, st.integers(0, topics.MAX_BUCKETS - 1))
def test_reads_the_topics_that_it_writes(venue: str, gateway: str, bucket: int) -> None:
    assert topics.parse(topics.live(venue, gateway, bucket)) == Topic(
        venue=venue, gateway=gateway, kind="live", bucket=bucket
    )
    assert topics.parse(topics.log(venue, gateway, bucket)) == Topic(
        venue=venue, gateway=gateway, kind="log", bucket=bucket
    )
    assert topics.parse(topics.state(venue, gateway)) == Topic(venue=venue, gateway=gateway, kind="state")
    assert topics.parse(topics.ack(venue, gateway)) == Topic(venue=venue, gateway=gateway, kind="ack")
    assert topics.parse(topics.config(venue, gateway)) == Topic(venue=venue, gateway=gateway, kind="config")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "ik/2/v/g/state",
        "ik/1/v/g",
        "ik/1/v/g/live",
        "ik/1/v/g/live/01",
        "ik/1/v/g/live/-1",
        "ik/1/v/g/live/65536",
        "ik/1/v/g/live/1/2",
        "ik/1/v/g/state/0",
        "ik/1/V/g/state",
        "ik/1/v//state",
        "ik/1/+/g/state",
        "ik/1/v/g/state\n",
        "ik/1/" + "v" * 41 + "/g/state",
    ],
)
def test_refuses_any_other_topic(topic: str) -> None:
    with pytest.raises(Malformed, match="topic: found"):
        topics.parse(topic)


@pytest.mark.parametrize("text", ["lobby-1", "a", "0", "-", "a" * 40])
def test_an_id_is_its_own(text: str) -> None:
    assert topics.check_id(text) == text


@pytest.mark.parametrize("text", ["", "Lobby", "lobby_1", "lobby/1", "a" * 41, "lobby\n", "é"])
def test_refuses_what_cannot_name_anything(text: str) -> None:
    with pytest.raises(Malformed, match=r"zone: found .*; right would be 1 to 40 of a-z, 0-9 and -"):
        topics.check_id(text, "zone")


def test_a_tag_stays_in_its_bucket() -> None:
    tag = TagId("altbeacon:" + "00" * 20)

    assert topics.bucket_of("marlton", tag, 16) == crc32(b"marlton/" + tag.encode()) % 16
    assert topics.bucket_of("marlton", tag, 1) == 0
