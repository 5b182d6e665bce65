"""When was each gateway last heard, and what did it say of itself?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.ingest.admit import Roster
from hub.ingest.seen import SeenGateway
from wire.mqtt.messages import GatewayState


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayNote:
    """What is kept of one gateway."""

    venue: str
    gateway: str
    last_heard: datetime | None
    state: GatewayState | None
    revoked: bool = False


class GatewayBook:
    """All gateways that were heard; those in the roster alone are, so it is bounded."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], GatewayState] = {}
        self._heard: dict[tuple[str, str], float] = {}  # Unix seconds
        self._told: dict[tuple[str, str], tuple[datetime, GatewayState]] = {}  # when it was alive itself
        self._due: set[tuple[str, str]] = set()

    def restore(self, notes: Iterable[GatewayNote]) -> None:
        """Begin with what the store holds."""
        for note in notes:
            gateway = (note.venue, note.gateway)
            if note.last_heard is not None:
                self._heard[gateway] = note.last_heard.timestamp()
            if note.state is not None:
                self._states[gateway] = note.state

    def heard(self, gateway: tuple[str, str], at: float) -> None:
        """A batch came at Unix second `at`."""
        self._heard[gateway] = at
        self._due.add(gateway)

    def said(self, gateway: tuple[str, str], state: GatewayState, at: datetime) -> None:
        """A state came. A retained one, or a last will, is no sign of life; the gateway's own is."""
        if state.online:
            self._heard[gateway] = at.timestamp()
            self._told[gateway] = (at, state)
        self._states[gateway] = state
        self._due.add(gateway)

    def told(self) -> Iterable[tuple[str, str, datetime, GatewayState]]:
        """What each gateway said last while it was alive, and when; its last will knows nothing."""
        return [(venue, gateway, at, state) for (venue, gateway), (at, state) in sorted(self._told.items())]

    def online(self, gateway: tuple[str, str]) -> bool | None:
        """What it, or its last will, said last; None when it never said."""
        state = self._states.get(gateway)
        return None if state is None else state.online

    def state(self, gateway: tuple[str, str]) -> GatewayState | None:
        """What it said last."""
        return self._states.get(gateway)

    def take(self) -> tuple[GatewayNote, ...]:
        """What has changed since the last taking, to be stored now and then."""
        notes = tuple(
            GatewayNote(
                venue=venue,
                gateway=gateway,
                last_heard=self._last((venue, gateway)),
                state=self._states.get((venue, gateway)),
            )
            for venue, gateway in sorted(self._due)
        )
        self._due.clear()
        return notes

    def seen(self, roster: Roster, venue: str | None = None) -> tuple[SeenGateway, ...]:
        """Every gateway of the roster, and those that were heard, for people."""
        named = {(v, gateway) for v, zones in roster.zones.items() for gateway in zones}
        return tuple(
            self._seen(key, roster)
            for key in sorted(named | self._heard.keys() | self._states.keys())
            if venue is None or key[0] == venue
        )

    def _seen(self, key: tuple[str, str], roster: Roster) -> SeenGateway:
        state = self._states.get(key)
        last = self._last(key)
        known = {} if state is None else {name: getattr(state, name) for name in _SHOWN}
        return SeenGateway(
            venue=key[0],
            gateway=key[1],
            zone=roster.zones.get(key[0], {}).get(key[1]),
            last_heard=last,
            online=state.online if state is not None else last is not None,
            revoked=key in roster.revoked,
            **known,
        )

    def _last(self, key: tuple[str, str]) -> datetime | None:
        heard = self._heard.get(key)
        return None if heard is None else datetime.fromtimestamp(heard, UTC)


_SHOWN = (
    "version",
    "scan",
    "scan_note",
    "adverts_s",
    "spool_batches",
    "spool_bytes",
    "lost_batches",
    "config_error",
)
