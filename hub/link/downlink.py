"""What does the hub want of each gateway, and do they know?

The desired configuration of a venue is the same for all its gateways: the key, and the enrolled pseudonyms. It is
published, retained, when it changes and whenever the link comes up; its version rises only when its content changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Protocol

import msgspec

from wire.mqtt import codec, topics
from wire.mqtt.messages import Ack, DesiredConfig

_dumps: Final = msgspec.json.Encoder().encode


class Publisher(Protocol):
    """The way to the broker."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand one message over; False, and nothing happens, without a session."""
        ...


class Configs(Protocol):
    """Where versions are kept."""

    async def version(self, venue: str, digest: str) -> int:
        """The version of a content: the last one's, or the next when the digest is another than the last."""
        ...


class Downlink:
    """From the hub to its gateways."""

    def __init__(self, publisher: Publisher, configs: Configs) -> None:
        self._publisher = publisher
        self._configs = configs
        self._wanted: dict[str, dict[str, bytes]] = {}  # by venue, then gateway: the payload

    async def want(self, venue: str, gateways: Iterable[str], config: DesiredConfig) -> int:
        """Ask this of a venue's gateways (`version` is set here); its version. What is known already is not sent."""
        content = replace(config, version=0, tags=dict(sorted(config.tags.items())))
        digest = hashlib.sha256(codec.encode_config(content, dumps=_dumps)).hexdigest()
        version = await self._configs.version(venue, digest)
        payload = codec.encode_config(replace(content, version=version), dumps=_dumps)
        before = self._wanted.get(venue, {})
        self._wanted[venue] = dict.fromkeys(gateways, payload)
        for gateway in self._wanted[venue]:
            if before.get(gateway) != payload:
                self._publisher.publish(topics.config(venue, gateway), payload, retain=True)
        return version

    def tell_all(self) -> None:
        """Publish everything again: the link has come up, and a broker may have forgotten."""
        for venue, payloads in self._wanted.items():
            for gateway, payload in payloads.items():
                self._publisher.publish(topics.config(venue, gateway), payload, retain=True)

    def forget(self, venue: str, gateway: str) -> None:
        """A gateway was revoked: it is told nothing more, and the broker keeps nothing for it."""
        self._wanted.get(venue, {}).pop(gateway, None)
        self._publisher.publish(topics.config(venue, gateway), b"", retain=True)

    def wanted_hash(self, venue: str, gateway: str) -> str | None:
        """What a gateway's state calls the configuration that it should have; None when it should have none."""
        payload = self._wanted.get(venue, {}).get(gateway)
        return None if payload is None else codec.config_hash(payload)

    def acknowledge(self, venue: str, gateway: str, ack: Ack) -> None:
        """Tell a gateway what is stored. It asks again by sending again when this is lost."""
        self._publisher.publish(topics.ack(venue, gateway), codec.encode_ack(ack, dumps=_dumps))
