"""What happened to each guest since a moment, and what was known about her then?

As far as it is kept: visits, events and messages of the time before are; what she is (member, consents, addresses) is
taken as it is today. A journey that she was in when the time begins is taken as ended. Read beside the hub that writes,
a few guests at a time, so that it never waits for us and its log of writes never grows because of us.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from hub.errors import StoreFailed
from hub.store.facts import facts_of
from hub.store.times import from_us, to_us
from hub.store.values import load_values
from rules.backtest import History
from rules.event import ACKED, Event
from rules.facts import Facts

GUESTS_A_READ: Final = 20  # some milliseconds

_PATIENCE_S: Final = 30.0  # while a hub that starts or stops holds the file
_COUNT: Final = "SELECT count(DISTINCT guest) FROM events WHERE venue = ? AND at_us >= ?"
_NEXT: Final = "SELECT DISTINCT guest FROM events WHERE venue = ? AND at_us >= ? AND guest > ? ORDER BY guest LIMIT ?"
_EVENTS: Final = """
SELECT id, venue, guest, kind, object, at_us, received_us, dwell_us, data_json FROM events
WHERE guest = ? AND venue = ? AND at_us >= ? AND kind <> ? ORDER BY at_us, received_us, rowid
"""
# An acknowledgement names a task of the journey as it was; a draft has tasks of its own.


class Histories:
    """One venue's guests, from a moment on."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        venue: str,
        since: datetime,
        timezone: tzinfo,
        webhooks: Collection[str] = (),
    ) -> None:
        self._connection = connection
        self._venue = venue
        self._since = since
        self._timezone = timezone
        self._webhooks = webhooks

    def __len__(self) -> int:
        """To how many guests anything happened."""
        asked = (self._venue, to_us(self._since))
        return int(self._connection.execute(_COUNT, asked).fetchone()[0])

    def __iter__(self) -> Iterator[History]:
        """Each of them, by id."""
        after = ""
        while guests := self._connection.execute(
            _NEXT, (self._venue, to_us(self._since), after, GUESTS_A_READ)
        ).fetchall():
            for (guest,) in guests:
                history = self._of(guest)
                if history is not None:
                    yield history
                after = guest

    def _of(self, guest: str) -> History | None:
        facts = facts_of(
            self._connection,
            venue=self._venue,
            guest=guest,
            at=self._since,
            timezone=self._timezone,
            webhooks=self._webhooks,
        )
        if facts is None:
            return None
        asked = (guest, self._venue, to_us(self._since), ACKED)
        events = tuple(_event(*row) for row in self._connection.execute(_EVENTS, asked))
        return History(facts=_as_of(facts, self._since), events=events)


@contextmanager
def beside_the_hub(database: Path) -> Iterator[sqlite3.Connection]:
    """The database, only to be read. Raises StoreFailed."""
    try:
        address = f"{database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, timeout=_PATIENCE_S, uri=True)) as found:
            found.row_factory = sqlite3.Row
            yield found
    except sqlite3.Error as exc:
        raise StoreFailed(f"{database}: cannot be read: {exc}") from exc


def _as_of(facts: Facts, since: datetime) -> Facts:
    """Without what came later."""
    return facts._replace(
        past=tuple(past for past in facts.past if (past.decided or past.at) < since),
        stays=tuple(
            stay._replace(left=None if stay.left is None or stay.left >= since else stay.left)
            for stay in facts.stays
            if stay.entered < since
        ),
        happened=tuple(each for each in facts.happened if each.at < since),
        runs=tuple(
            run._replace(live=False, step=None, deadline=None, wake_at=None)
            for run in facts.runs
            if run.started_at < since
        ),
    )


def _event(  # noqa: PLR0913, PLR0917  the columns, in order
    name: str,
    venue: str,
    guest: str,
    kind: str,
    about: str | None,
    at_us: int,
    received_us: int,
    dwell_us: int | None,
    data: str,
) -> Event:
    at = from_us(at_us)
    return Event(
        id=name,
        venue=venue,
        guest=guest,
        kind=kind,
        object=about,
        at=at,
        received=at if received_us == at_us else from_us(received_us),
        dwell=None if dwell_us is None else timedelta(microseconds=dwell_us),
        data=load_values(data),
    )
