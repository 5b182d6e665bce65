"""A `gateway.port.Uplink` that keeps what was published, for a test to read; `drop` ends the session."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.port import Correspondent


@dataclass(frozen=True)
class Published:
    topic: str
    payload: bytes
    retain: bool
    expiry_s: int | None


class FakeUplink:
    def __init__(self) -> None:
        self.published: list[Published] = []
        self.room = 0
        self.given_up = 0

    def join(self, correspondent: Correspondent, *, room: int = 20) -> None:
        self.room = room
        correspondent.connected()

    def drop(self, correspondent: Correspondent) -> None:
        self.room = 0
        correspondent.lost()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        if self.room > 0:
            self.published.append(Published(topic, payload, retain, expiry_s))
