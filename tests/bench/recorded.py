"""How long does `innkeeper backtest` take over a million recorded events, from the store to the list of who differs?

The store of a hotel where ten thousand guests did what the benchmark of the rules lets them do. The command runs as a
person would run it, with no hub beside it, and its own start is counted. Beside it, in the same run, a bare program
that reads the same rows and keeps none.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from hub.cli.init import init
from hub.config.hub_toml import read_config
from hub.store.sqlite import open_store
from hub.store.times import to_us
from rules.backtest import History
from rules.check import check_files
from rules.event import Event
from tests.bench.journeys import EVENTS_REPLAYED, histories, hotel_files

DAYS = 400  # back to when they walked
_EVENTS = "INSERT INTO events (id, venue, guest, kind, object, at_us, received_us, data_json, dwell_us) VALUES "
_ROWS = "SELECT * FROM events WHERE venue = ? AND at_us >= 0 ORDER BY guest, at_us"


def run(*, quick: bool = False) -> Mapping[str, float]:
    """Seconds of one core's time."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "hotel"
        with redirect_stdout(StringIO()):
            init("hotel", root)
        _widen(root)
        database = read_config(root / "hub.toml").database
        events = EVENTS_REPLAYED // 50 if quick else EVENTS_REPLAYED
        asyncio.run(_fill(database, events))
        draft = _draft(root)
        seconds, answer = _command("--config", root / "hub.toml", "welcome", "--days", DAYS, "--file", draft, "--json")
        assert answer["events"] >= events
        assert answer["differ"]
        return {"recorded_1m_s": seconds, "bare_rows_1m_s": _bare(database)}


def _widen(root: Path) -> None:
    """The venue's file as the benchmark of the rules has it: a guest of twenty fields."""
    (root / "venues/marlton/venue.yaml").write_text(hotel_files()["hotel/venue.yaml"])


def _draft(root: Path) -> Path:
    text = (root / "venues/marlton/journeys/welcome.yaml").read_text()
    draft = root / "draft.yaml"
    draft.write_text(text.replace("messaged('24h')", "messaged('25h')"))
    return draft


async def _fill(database: Path, events: int) -> None:
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with open_store(database):
        pass  # the tables
    book = check_files(hotel_files()).rulebooks["marlton"]
    with closing(sqlite3.connect(database)) as store, store:
        for history in histories(book, events):
            _put(store, history)


def _put(store: sqlite3.Connection, history: History) -> None:
    guest, profile = history.facts.guest, dict(history.facts.profile)
    more = json.dumps({name: value for name, value in profile.items() if name.startswith(("more_", "case_open"))})
    store.execute(
        "INSERT INTO guests (guest, created_us, updated_us, first_name, member, email, attributes_json)"
        " VALUES (?, 0, 0, ?, ?, ?, ?)",
        (guest, profile["first_name"], profile["member"], f"{guest}@guest.example", more),
    )
    if profile["reservation"]:
        status = "in_house" if profile["in_house"] else "booked"
        store.execute(
            "INSERT INTO reservations (guest, id, venue, room, arrival, departure, status, updated_us)"
            " VALUES (?, 'r', 'marlton', ?, '2026-01-01', '2027-12-31', ?, 0)",
            (guest, profile["room"], status),
        )
    store.execute(
        "INSERT INTO devices (guest, id, kind, address, registered_us) VALUES (?, 'phone', 'apns', ?, 0)",
        (guest, guest),
    )
    store.executemany(
        "INSERT INTO consents (guest, purpose, channel, granted, source, wording, at_us)"
        " VALUES (?, 'marketing', ?, 1, 'desk', 'Yes.', 0)",
        [(guest, channel) for channel in ("push", "email")],
    )
    store.executemany(f"{_EVENTS}(?, ?, ?, ?, ?, ?, ?, '{{}}', ?)", _rows(history.events))


def _rows(events: Iterable[Event]) -> Iterator[tuple[object, ...]]:
    for event in events:
        dwell = None if event.dwell is None else int(event.dwell.total_seconds() * 1_000_000)
        at, received = to_us(event.at), to_us(event.received)
        yield event.id, event.venue, event.guest, event.kind, event.object, at, received, dwell


def _command(*words: object) -> tuple[float, Mapping[str, Any]]:
    """`innkeeper backtest …`: seconds of a core's time, and its answer."""
    command = [str(Path(sys.executable).parent / "innkeeper"), "backtest", *map(str, words)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return round(seconds, 1), json.loads(done.stdout)


def _bare(database: Path) -> float:
    started = time.process_time()
    with closing(sqlite3.connect(database)) as store:
        assert sum(1 for _ in store.execute(_ROWS, ("marlton",)))
    return round(time.process_time() - started, 1)
