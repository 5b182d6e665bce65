"""P9, P8, P11: one provider after the other misbehaves in every way; the others do not notice, no message is harmed.

Two hubs, each with its own simulated providers, run as processes of their own. Guests of three kinds come in at a
steady rate, at both in the same moments: by email, by APNs, by FCM. By turns a provider of the one or of the other is
ill. What is compared is the time from a guest's entering to her message's acceptance at the providers that are well: at
the hub beside whose ill one they are, and at the other hub, at the same time, so that whatever else the machine does is
in both; and of all turns the middle one counts.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

import httpx2
import pytest

from hub.identity.guest import Consent, Device, DeviceKind, GuestId, Profile
from hub.store.guests import GuestStore
from hub.store.sqlite import open_store
from tests.fakes.ports import free_ports
from tests.fakes.programs import VENUE, Hotel, Programs, a_hotel, programs, until
from tests.fakes.store import rows_of

MISERIES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("apns", {"mode": "hang", "accept": False}),
    ("apns", {"mode": "drip", "delay_s": 0.5}),
    ("apns", {"mode": "delay", "delay_s": 5}),
    ("apns", {"mode": "cut", "accept": True}),
    ("apns", {"mode": "reset", "accept": False}),
    ("apns", {"mode": "throttle", "retry_after_s": 2}),
    ("apns", {"mode": "refuse", "reason": "ServiceUnavailable"}),
    ("apns", {"mode": "refuse", "reason": "InvalidProviderToken"}),
    ("apns", {"mode": "unregistered"}),
    ("apns", {"mode": "goaway", "every": 10}),
    ("fcm", {"mode": "hang", "accept": True}),
    ("fcm", {"mode": "cut", "accept": False}),
    ("fcm", {"mode": "refuse", "reason": "UNAVAILABLE"}),
    ("smtp", {"mode": "hang", "at": "rcpt"}),
    ("smtp", {"mode": "drip", "at": "content", "delay_s": 0.5}),
    ("smtp", {"mode": "refuse", "code": 451, "at": "rcpt"}),
)
KINDS: Final = ("smtp", "apns", "fcm")
TURNS: Final = 6  # of each misery: half of them at the one hub, half at the other
TURN_S: Final = 5.0
PER_S: Final = 4.0  # guests of each kind, at each hub
RECOVERY_S: Final = 2.0  # of an ill provider, before its health is measured again
RETRY_AFTER: Final = timedelta(seconds=2)
KEEP: Final = timedelta(minutes=15)
SLOT: Final = timedelta(seconds=15)
NEVER: Final = ("too early", "slot held too long", "forgotten for nothing", "remembered although dead")
ALL: Final = "all of them"
NOISE: Final = 2.0  # of a single misery's six turns, on a machine that does other things; of all turns, 1.2
YES: Final = {channel: Consent(purpose="marketing", channel=channel, granted=True, source="desk", wording="Yes")
              for channel in ("push", "email")}  # fmt: skip


class Turn(NamedTuple):
    """A few seconds of a misery, at one of the hubs."""

    misery: str
    nth: int
    ill: bool  # it is this hub's provider that is ill


@dataclass(kw_only=True)
class Site:
    """One hub and its providers; its guests who have not come yet, and who came when."""

    hotel: Hotel
    waiting: Mapping[str, Iterator[str]]  # by the provider that reaches them
    came: dict[str, Turn] = field(default_factory=dict)  # by guest

    @property
    def database(self) -> Path:
        return self.hotel.folder / "var/innkeeper.db"

    async def behave(self, behaviour: Mapping[str, Any]) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
            url = f"http://127.0.0.1:{self.hotel.providers_port + 3}/behaviour"
            (await client.put(url, json=behaviour)).raise_for_status()


def guests_of(kind: str, number: int) -> list[str]:
    return [f"{kind}-{n}" for n in range(number)]


async def known(database: Path, number: int) -> None:
    """So many guests of each kind, written beside the hub before it starts."""
    at = datetime.now(UTC)
    async with open_store(database) as store:
        guests = GuestStore(store)
        for kind in KINDS:
            names = guests_of(kind, number)
            for some in (names[n : n + 200] for n in range(0, number, 200)):
                await asyncio.gather(*(_known(guests, kind, GuestId(name), at) for name in some))


async def _known(guests: GuestStore, kind: str, guest: GuestId, at: datetime) -> None:
    email = f"{guest}@guest.example" if kind == "smtp" else None
    await guests.put_guest(guest, Profile(email=email, member=email is None, holdout="never"), at)
    await guests.record_consent(guest, YES["email" if email else "push"], at)
    if email is None:
        device = DeviceKind.APNS if kind == "apns" else DeviceKind.FCM_TOKEN
        address = guest.encode().hex()
        await guests.put_device(guest, Device(id="phone", kind=device, address=address, app=None, environment=None), at)


async def come_in(api: httpx2.AsyncClient, site: Site, turn: Turn) -> None:
    """Guests of each kind enter, evenly, whatever becomes of those before them."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as entering:
        for n in range(int(TURN_S * PER_S)):
            await asyncio.sleep(max(0.0, began + n / PER_S - loop.time()))
            for kind in KINDS:
                guest = next(site.waiting[kind])
                site.came[guest] = turn
                entering.create_task(_enters(api, guest))


async def _enters(api: httpx2.AsyncClient, guest: str) -> None:
    at = datetime.now(UTC).isoformat()
    body = {"id": f"e-{guest}", "venue": VENUE, "guest": guest, "kind": "entered", "object": "lobby", "at": at}
    answer = await api.post("/v1/events", json=body)
    assert answer.status_code == 202, answer.text


async def all_miseries(sites: Sequence[Site]) -> None:
    tokens = [await asyncio.to_thread(site.hotel.token) for site in sites]
    async with AsyncExitStack() as stack:
        apis = [
            await stack.enter_async_context(
                httpx2.AsyncClient(
                    base_url=site.hotel.hub_url,
                    headers={"authorization": f"Bearer {token}"},
                    timeout=30,
                    trust_env=False,
                )
            )
            for site, token in zip(sites, tokens, strict=True)
        ]
        for provider, behaviour in MISERIES:
            for nth in range(TURNS):
                ill = sites[nth % len(sites)]
                await ill.behave({provider: behaviour})
                misery = _name(provider, behaviour)
                both = zip(apis, sites, strict=True)
                await asyncio.gather(*(come_in(api, site, Turn(misery, nth, ill=site is ill)) for api, site in both))
                await ill.behave({})
                await asyncio.sleep(RECOVERY_S)


def _name(provider: str, behaviour: Mapping[str, Any]) -> str:
    return " ".join(
        [provider, behaviour["mode"], *(str(behaviour[key]) for key in ("at", "reason") if key in behaviour)]
    )


def latencies(site: Site, found: dict[Turn, list[float]]) -> None:
    """Of each turn, at the providers that were well: the milliseconds from entering to acceptance."""
    rows = rows_of(site.database, "SELECT id, guest, logical_us FROM messages")
    entered = {str(name): (str(guest), int(str(us))) for name, guest, us in rows}
    for line in site.hotel.accepted():
        guest, us = entered[line["message"]]
        turn = site.came[guest]
        if not turn.misery.startswith(line["provider"]):
            found[turn].append(datetime.fromisoformat(line["at"]).timestamp() * 1000 - us / 1000)


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


def changes(took: Mapping[Turn, Sequence[float]]) -> Mapping[str, tuple[float, float, float]]:
    """By misery: the middle turn's p95 at the hub where all are well, beside the ill one, and of their ratio."""
    pairs = defaultdict[str, list[tuple[float, float]]](list)
    for turn, values in took.items():
        if turn.ill:
            pair = p95(took[turn._replace(ill=False)]), p95(values)
            pairs[turn.misery].append(pair)
            pairs[ALL].append(pair)
    return {
        misery: (
            median(well for well, _ in both),
            median(ill for _, ill in both),
            median(ill / well for well, ill in both),
        )
        for misery, both in pairs.items()
    }


def late_or_lost(database: Path) -> Counter[str]:
    """What must not be: an attempt before its time, a slot held too long, an address forgotten for nothing."""
    attempts = rows_of(
        database, "SELECT message, n, outcome, started_us, ended_us, device FROM attempts ORDER BY message, n"
    )
    following = {(name, n): started for name, n, _, started, _, _ in attempts}
    wrong = Counter[str]()
    for name, n, outcome, started, ended, _ in attempts:
        again = following.get((name, int(str(n)) + 1))
        if outcome == "throttled" and again is not None:
            wrong["retried"] += 1
            wrong["too early"] += int(str(again)) - int(str(ended)) < RETRY_AFTER / timedelta(microseconds=1)
        wrong["slot held too long"] += int(str(ended)) - int(str(started)) > SLOT / timedelta(microseconds=1)
    gone = "SELECT guest FROM messages AS m JOIN attempts AS a ON a.message = m.id WHERE a.outcome = 'address_gone'"
    dead = {guest for (guest,) in rows_of(database, gone)}
    pushed = {guest for (guest,) in rows_of(database, "SELECT guest FROM guests WHERE member")}
    left = {guest for (guest,) in rows_of(database, "SELECT guest FROM devices")}
    wrong["dead"] = len(dead)
    wrong["forgotten for nothing"] = len(pushed - left - dead)
    wrong["remembered although dead"] = len(dead & left)
    return wrong


def _answers(hotel: Hotel) -> bool:
    try:
        return httpx2.get(f"{hotel.hub_url}/healthz", trust_env=False).is_success
    except httpx2.TransportError:
        return False


def a_site(run: Programs, folder: Path, number: int) -> Site:
    """A hub that knows so many guests of each kind, and is ready for them."""
    hotel = a_hotel(run, folder, broker=f"mqtt://127.0.0.1:{free_ports(1)[0]}", mqtt="embedded = true")
    site = Site(hotel=hotel, waiting={kind: iter(guests_of(kind, number)) for kind in KINDS})
    site.database.parent.mkdir(exist_ok=True)
    asyncio.run(known(site.database, number))
    hub = run.start("hub", "innkeeper", "hub", "--config", hotel.config)
    until(lambda: hub.alive() and _answers(hotel), "the hub")
    return site


def settled(site: Site) -> bool:
    waiting = "SELECT count(*) FROM messages WHERE state IN ('SCHEDULED', 'READY', 'CLAIMED', 'SENDING')"
    return rows_of(site.database, waiting) == [(0,)]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_p09_whatever_one_provider_does_the_others_take_no_longer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = int(len(MISERIES) * TURNS * TURN_S * PER_S) + 1
    took, states, times, wrong = defaultdict[Turn, list[float]](list), Counter[str](), Counter[str](), Counter[str]()
    with ExitStack() as stack:
        folders = [tmp_path / name for name in ("one", "other")]
        for folder in folders:
            folder.mkdir()
        sites = [a_site(stack.enter_context(programs(folder)), folder, number) for folder in folders]
        asyncio.run(all_miseries(sites))
        for site in sites:
            until(partial(settled, site), "all to be settled", within_s=KEEP.total_seconds() + 60, every_s=1)
            latencies(site, took)
            states.update(str(state) for (state,) in rows_of(site.database, "SELECT state FROM messages"))
            times.update(f"{site.hotel.hub_port} {line['message']}" for line in site.hotel.accepted())
            wrong += late_or_lost(site.database)
    changed = changes(took)
    with capsys.disabled():
        for misery, (well, ill, ratio) in changed.items():
            print(f"\n{misery:34} p95 of the others {well:.0f} ms, beside it {ill:.0f} ms, x {ratio:.2f}", end="")  # noqa: T201  the figures of a proof
        print(f"\n{len(times)} accepted, {times.total() - len(times)} twice; {dict(states)}; {dict(wrong)}")  # noqa: T201  the same

    assert times.total() == len(times) > number
    assert states.total() == sum(len(site.came) for site in sites)
    assert wrong["retried"]
    assert wrong["dead"]
    assert [wrong[name] for name in NEVER] == [0] * len(NEVER)
    assert changed[ALL][2] <= 1.2
    assert {misery: told for misery, told in changed.items() if told[2] > NOISE} == {}
