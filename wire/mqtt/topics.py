"""Under which topics do gateway and hub meet? `ik/1/{venue}/{gateway}/{kind}[/{bucket}]`, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, cast
from zlib import crc32

from wire.advert.frame import TagId
from wire.errors import Malformed

Kind = Literal["live", "log", "state", "ack", "config"]

ROOT: Final = "ik/1"  # 1 is the version of the wire
SUBSCRIPTIONS: Final = (f"{ROOT}/+/+/live/+", f"{ROOT}/+/+/log/+", f"{ROOT}/+/+/state")  # the hub's
MAX_BUCKETS: Final = 65536  # more workers than anyone has; it keeps a topic short

_ID: Final = re.compile(r"[a-z0-9-]{1,40}")
_TOPIC: Final = re.compile(
    rf"{ROOT}/([a-z0-9-]{{1,40}})/([a-z0-9-]{{1,40}})/(?:(live|log)/(0|[1-9][0-9]{{0,4}})|(state|ack|config))"
)
_SHAPE: Final = "ik/1/{venue}/{gateway}/ then live/{bucket}, log/{bucket}, state, ack or config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic's parts."""

    venue: str
    gateway: str
    kind: Kind
    bucket: int | None = None  # of live and log alone


def live(venue: str, gateway: str, bucket: int) -> str:
    """Sightings of the last moments; may trigger."""
    return f"{ROOT}/{venue}/{gateway}/live/{bucket}"


def log(venue: str, gateway: str, bucket: int) -> str:
    """Sightings from the spool; history, never triggers."""
    return f"{ROOT}/{venue}/{gateway}/log/{bucket}"


def state(venue: str, gateway: str) -> str:
    """What a gateway says of itself; retained, and its last will."""
    return f"{ROOT}/{venue}/{gateway}/state"


def ack(venue: str, gateway: str) -> str:
    """What the hub has stored."""
    return f"{ROOT}/{venue}/{gateway}/ack"


def config(venue: str, gateway: str) -> str:
    """What the hub wants of a gateway; retained."""
    return f"{ROOT}/{venue}/{gateway}/config"


def parse(topic: str) -> Topic:
    """The parts of a topic.

    Raises:
        Malformed: it is none of ours.
    """
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise Malformed("topic", topic, _SHAPE)
    venue, gateway, streamed, bucket, single = match.groups()
    if streamed is None:
        return Topic(venue=venue, gateway=gateway, kind=cast("Kind", single))
    if int(bucket) >= MAX_BUCKETS:
        raise Malformed("topic", topic, f"a bucket below {MAX_BUCKETS}")
    return Topic(venue=venue, gateway=gateway, kind=cast("Kind", streamed), bucket=int(bucket))


def check_id(text: str, where: str = "id") -> str:
    """`text` itself, when it can name a venue, a gateway or a zone.

    Raises:
        Malformed: it cannot.
    """
    if not _ID.fullmatch(text):
        raise Malformed(where, text, "1 to 40 of a-z, 0-9 and -")
    return text


def bucket_of(venue: str, tag_id: TagId, buckets: int) -> int:
    """The partition of a guest's tag: steady while `buckets` is, also when the tag's pseudonym rotates."""
    return crc32(f"{venue}/{tag_id}".encode()) % buckets
