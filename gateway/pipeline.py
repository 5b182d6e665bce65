"""What happens to an advert on the Pi? One page, in the order in which it happens.

    heard -> admitted (or counted and forgotten) -> added to its tag's window -> told as a row of a batch
          -> held in the spool -> handed over, `live` or `log` -> forgotten when the hub has stored it

The hub's wishes come the other way: who is enrolled, how often to tell, what is stored. Before it has said who is
enrolled nothing is handed over: what an earlier run left is told of those alone. Nothing here waits: `turn` does what
is due and says when to come again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.clock import Clock
from gateway.health import Health
from gateway.held import Held, Now, Origin, batch_of
from gateway.port import Uplink
from gateway.reading import Door
from gateway.spool import Kind, Spool
from gateway.watchdog import Ear
from gateway.window import Rates, Sighting, Windows
from wire.advert.advertisement import Advertisement
from wire.advert.vendor import VendorFormats
from wire.errors import Malformed
from wire.mqtt import codec, topics
from wire.mqtt.messages import AdapterState, DesiredConfig, GatewayState
from wire.pseudonym import Pseudonym

GATHER_S: Final = 0.03  # a first sight waits this long for others: well within the 100 ms that we promise
ROWS_A_BATCH: Final = 400  # some 8 kB; brokers for trying out refuse 20 kB
LIVE_EXPIRY_S: Final = 90  # older sightings start nothing at the hub
STATE_EVERY_S: Final = 30.0  # besides each change
LOOK_AGAIN_S: Final = 0.25  # while unconfirmed batches may come due
MAX_DEVICES: Final = 20_000  # addresses counted between two states; random ones come in floods

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the state says that never changes while we run."""

    version: str
    bleak: str
    source: str


class Pipeline:
    """The gateway between its radio and its uplink. Fits `gateway.port.Hear` and `gateway.port.Correspondent`."""

    def __init__(
        self,
        origin: Origin,
        about: About,
        *,
        uplink: Uplink,
        spool: Spool,
        clock: Clock,
        vendors: VendorFormats | None = None,
    ) -> None:
        self.adverts = 0
        self._origin = origin
        self._about = about
        self._uplink = uplink
        self._spool = spool
        self._clock = clock
        self._door = Door(vendors)
        self._windows = Windows(Rates())
        self._tags: Mapping[Pseudonym, int] = {}  # enrolled, each with its bucket
        self._batch_gap_s = 1 / DesiredConfig(version=0, key=b"").max_batches_s
        self._config = self._config_error = ""
        self._health = Health()
        self._ears: dict[str, Ear] = {}  # by adapter
        self._at_last_state: dict[str, tuple[int, float]] = {}  # by adapter: adverts, seconds of listening
        self._state: GatewayState | None = None
        self._devices: dict[str, None] = {}  # smaller than a set
        self._wake = asyncio.Event()
        self._urgent_at: float | None = None
        self._window_ends = self._next_batch_at = self._state_due = float("-inf")
        self._counted = (0, clock.monotonic())  # adverts, at the last state

    # From the radio

    def hear(self, adv: Advertisement, now: float) -> None:
        """One advert: the hot path."""
        self.adverts += 1
        if len(self._devices) < MAX_DEVICES:
            self._devices[adv.address] = None
        tag = self._door.admit(adv)
        if self._door.telemetry:
            self._take_telemetry(now)
        if tag is not None and self._windows.hear(tag, adv.rssi_dbm, now) and self._urgent_at is None:
            self._urgent_at = now
            self._wake.set()

    def _take_telemetry(self, now: float) -> None:
        for sender, frame in self._door.telemetry:
            self._health.hear(sender, frame, self._windows.readings(sender), now)
        self._door.telemetry.clear()

    def scanning(self, ear: Ear) -> None:
        """A scanner has begun, or could not, or something is to be said of it."""
        self._ears[ear.name] = ear
        self._say_soon()

    # From the hub

    def connected(self) -> None:
        """A session has begun."""
        self._say_soon()

    def lost(self) -> None:
        """What was on its way may be lost."""
        self._spool.connection_lost()

    def room_again(self) -> None:
        """More can be handed over."""
        self._wake.set()

    def receive(self, topic: str, payload: bytes) -> None:
        """An acknowledgement or a configuration."""
        if topic == topics.ack(self._origin.venue, self._origin.gateway):
            self._acknowledge(payload)
        elif topic == topics.config(self._origin.venue, self._origin.gateway):
            self._configure(payload)

    def _acknowledge(self, payload: bytes) -> None:
        try:
            self._spool.acknowledge(codec.decode_ack(payload, loads=json.loads))
        except Malformed as fault:
            logger.warning("An acknowledgement cannot be read", extra={"fault": str(fault)})
        self._wake.set()

    def _configure(self, payload: bytes) -> None:
        """Put the hub's wishes in force; a broken set keeps the old one, none at all admits nobody."""
        self._say_soon()
        if not payload:
            self._enrol(DesiredConfig(version=0, key=b""))
            self._config, self._config_error = "", "config: found none; right would be one from the hub"
            return
        try:
            config = codec.decode_config(payload, loads=json.loads)
        except Malformed as fault:
            self._config_error = str(fault)
            logger.warning("A configuration cannot be read; the old one stays", extra={"fault": str(fault)})
            return
        self._enrol(config)
        self._config, self._config_error = codec.config_hash(payload), ""
        logger.info("Configured by the hub", extra={"version": config.version, "tags": len(config.tags)})

    def _enrol(self, config: DesiredConfig) -> None:
        self._tags = config.tags
        self._door.enrol(config.key, config.tags)
        self._windows.keep_only(config.tags)
        self._health.keep_only(config.tags)
        self._windows.rates = Rates(
            window_s=config.window_ms / 1000, heartbeat_s=config.heartbeat_ms / 1000, delta_db=config.delta_db
        )
        self._batch_gap_s = 1 / config.max_batches_s

    # To the hub

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            due = self.turn(self._clock.monotonic())
            self._wake.clear()
            try:
                async with asyncio.timeout(max(0.0, due - self._clock.monotonic())):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def turn(self, now: float) -> float:
        """Do what is due at `now`; when something will be due next."""
        may_tell = now >= self._next_batch_at
        if may_tell and now >= self._window_ends:
            self._window_ends = now + self._windows.rates.window_s
            self._tell(self._windows.urgent(now) + self._windows.close(now), now)
        elif may_tell and self._urgent_at is not None and now >= self._urgent_at + GATHER_S:
            self._tell(self._windows.urgent(now), now)
        if now >= self._state_due:
            self._say_state(now)
        self._hand_over(now)
        urgent = self._window_ends if self._urgent_at is None else self._urgent_at + GATHER_S
        look_again = now + LOOK_AGAIN_S if len(self._spool) and self._uplink.room else self._state_due
        return min(max(min(urgent, self._window_ends), self._next_batch_at), self._state_due, look_again)

    async def drain(self, within_s: float) -> int:
        """Tell all that was not told, and wait until it is stored; how many batches lie in memory alone."""
        now = self._clock.monotonic()
        self._tell(self._windows.flush(now), now)
        until = now + within_s
        while self._config and self._spool.unsaved and self._uplink.room and (now := self._clock.monotonic()) < until:
            self._hand_over(now)
            await asyncio.sleep(GATHER_S)
        return self._spool.unsaved

    def say_goodbye(self) -> None:
        """The last state, as the last will would say it."""
        self._publish_state(offline(self._origin, self._about))

    def _tell(self, rows: Sequence[Sighting], now: float) -> None:
        """Put rows into the spool, by bucket."""
        self._urgent_at = None
        by_bucket: dict[int, list[Sighting]] = defaultdict(list)
        for row in rows:
            bucket = self._tags.get(row.tag)
            if bucket is not None:
                by_bucket[bucket].append(row)
        for bucket, told in by_bucket.items():
            for start in range(0, len(told), ROWS_A_BATCH):
                self._spool.put(bucket, told[start : start + ROWS_A_BATCH], now)
                self._next_batch_at = max(now, self._next_batch_at) + self._batch_gap_s

    def _hand_over(self, now: float) -> None:
        while self._config and self._uplink.room > 0 and (due := self._spool.next_due(now)) is not None:
            kind, held = due
            self._publish(kind, held, now)
            self._spool.handed_over(kind, held, now)

    def _publish(self, kind: Kind, held: Held, now: float) -> None:
        """Encode at the last moment: ages count from the hand-over. Who was withdrawn meanwhile is left out."""
        rows = [row for row in held.rows if row.tag in self._tags]
        held.withdrawn = len(held.rows) - len(rows)
        moment = Now(now, self._clock.wall(), self._clock.wall_ok())
        batch = batch_of(held, rows, low=self._spool.low(held), origin=self._origin, now=moment)
        topic = topics.live if kind == "live" else topics.log
        self._uplink.publish(
            topic(self._origin.venue, self._origin.gateway, held.bucket),
            codec.encode_batch(batch, dumps=dumps),
            expiry_s=LIVE_EXPIRY_S if kind == "live" else None,
        )

    # About us

    def _say_soon(self) -> None:
        self._state_due = float("-inf")
        self._wake.set()

    def _say_state(self, now: float) -> None:
        self._state_due = now + STATE_EVERY_S
        self._state = self._measure(now)
        self._publish_state(self._state)
        self._devices.clear()

    def _publish_state(self, state: GatewayState) -> None:
        topic = topics.state(self._origin.venue, self._origin.gateway)
        self._uplink.publish(topic, codec.encode_state(state, dumps=dumps), retain=True)

    def state(self) -> GatewayState:
        """How we are, with the rates of the last state."""
        now, last = self._clock.monotonic(), self._state
        if last is None:
            return self._of({}, now)
        return replace(self._of(last.adapters, now), adverts_s=last.adverts_s, duty=last.duty)

    def _measure(self, now: float) -> GatewayState:
        """How we are, with the rates since the last one."""
        adverts, since = self._counted
        self._counted = (self.adverts, now)
        span_s = max(now - since, 1.0)
        adapters = {name: self._adapter(ear, now, span_s) for name, ear in self._ears.items()}
        self._at_last_state = {name: (ear.adverts, ear.listening_s(now)) for name, ear in self._ears.items()}
        duty = max((each.duty for each in adapters.values()), default=0.0)
        return replace(self._of(adapters, now), adverts_s=round((self.adverts - adverts) / span_s, 1), duty=duty)

    def _adapter(self, ear: Ear, now: float, span_s: float) -> AdapterState:
        adverts, listened_s = self._at_last_state.get(ear.name, (0, 0.0))
        return AdapterState(
            scan=ear.mode,
            note=ear.note[:200],
            duty=round(min(1.0, (ear.listening_s(now) - listened_s) / span_s), 3),
            adverts_s=round((ear.adverts - adverts) / span_s, 1),
        )

    def _of(self, adapters: Mapping[str, AdapterState], now: float) -> GatewayState:
        return GatewayState(
            online=True,
            version=self._about.version,
            bleak=self._about.bleak,
            boot=self._origin.boot,
            source=self._about.source,
            scan="+".join(sorted({ear.mode for ear in self._ears.values()})),
            scan_note="; ".join(ear.note for ear in self._ears.values() if ear.note)[:200],
            restarts=sum(ear.restarts for ear in self._ears.values()),
            devices=len(self._devices),
            dropped=self._door.dropped,
            spool_batches=len(self._spool),
            spool_bytes=self._spool.bytes + self._spool.file_bytes,
            spool_note=self._spool.fault[:200],
            lost_batches=self._spool.lost,
            withdrawn_rows=self._spool.withdrawn,
            mute_sessions=self._uplink.given_up,
            wall_ok=self._clock.wall_ok(),
            config=self._config,
            config_error=self._config_error[:200],
            adapters=adapters,
            tags=self._health.told(now),
        )


def offline(origin: Origin, about: About) -> GatewayState:
    """The state that is left behind: by us, or as the last will."""
    return GatewayState(online=False, version=about.version, bleak=about.bleak, boot=origin.boot, source=about.source)


def dumps(fields: object) -> bytes:
    """JSON without spaces."""
    return json.dumps(fields, separators=(",", ":")).encode()
