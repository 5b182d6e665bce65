"""paho's client, made to read what it is given: hub/link/packets.py reads the socket, and takes the messages out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

V5: Final = MQTTProtocolVersion.MQTTv5
V311: Final = MQTTProtocolVersion.MQTTv311


class Paho(Client):
    """It connects, subscribes, publishes, writes and pings; two of its own methods are put to another use."""

    def __init__(self, *, client_id: str, version: MQTTProtocolVersion) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if version == V5 else True,  # MQTT 5 says so when it connects
            protocol=version,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._given = b""
        self._taken = 0
        self._broken: OSError | None = None

    def give(self, packets: bytes, *, broken: OSError | None = None) -> bool:
        """Have it handle whole packets, or the end of the connection; is there still one?"""
        self._given, self._taken, self._broken = packets, 0, broken
        rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        while rc is MQTTErrorCode.MQTT_ERR_SUCCESS and (self._taken < len(self._given) or self._broken):
            rc = self.loop_read()
        return rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, mids: Iterable[int]) -> None:
        """A PUBACK for each of these messages, all in one write."""
        packets = b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids])
        if packets:
            self._packet_queue(PacketTypes.PUBACK << 4, packets, 0, 1)

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._taken < len(self._given):
            start, self._taken = self._taken, self._taken + bufsize
            return self._given[start : self._taken]
        if self._broken is not None:
            raise self._broken
        raise BlockingIOError
