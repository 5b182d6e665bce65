"""Which room is handed what? All of the hub's rooms, wired; nothing here decides anything."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

import structlog
from fastapi import FastAPI

from hub.api.app import build_api
from hub.api.deps import ApiDeps
from hub.api.feed import Feed
from hub.api.port import Posted
from hub.app.books import Books, read_books
from hub.app.secret import link_secret
from hub.app.standing import Standing
from hub.app.telling import TellingBox, tell_record
from hub.clock import Alarm, Clock, dice
from hub.config.hub_toml import HubConfig
from hub.control.commands import Commands, ControlDeps
from hub.errors import BadConfig, NotFound
from hub.identity import unsubscribe
from hub.identity.bindings import Enrolment
from hub.identity.guest import VenueId
from hub.identity.present import PresentGuest
from hub.ingest.receive import Ingest
from hub.ingest.seen import SeenGateway
from hub.journeys.deadlines import Deadlines
from hub.journeys.engine import Journeys
from hub.journeys.port import Record
from hub.journeys.rulebooks import Rulebooks, with_versions_in_use
from hub.link.downlink import Downlink
from hub.link.link import Link
from hub.measure.figures import Figures
from hub.outbox.dispatch import Dispatcher
from hub.outbox.port import Channel
from hub.pages.app import add_pages
from hub.pages.deps import PagesDeps
from hub.pages.venue import VenuePage, venue_page
from hub.pipeline import Pipeline
from hub.presence.tracker import Tracker
from hub.store.configs import ConfigStore
from hub.store.gateways import GatewayStore
from hub.store.guests import GuestStore
from hub.store.imports import ImportStore
from hub.store.ledger import LedgerStore
from hub.store.marks import MarkStore
from hub.store.messages import MessageStore
from hub.store.sqlite import Store
from hub.store.tokens import TokenStore
from hub.store.visits import VisitStore
from rules.event import Event
from rules.facts import Planned
from wire.mqtt.messages import DesiredConfig

LONGEST_SLEEP: Final = timedelta(
    hours=1
)  # a binding that begins or ends is noticed then at the latest, clock jumps too

_log = structlog.get_logger()


class House:
    """The rooms of one running hub."""

    def __init__(
        self,
        *,
        config: HubConfig,
        books: Books,
        store: Store,
        channels: Mapping[str, Channel],
        link: Link,
        clock: Clock,
    ) -> None:
        self._config = config
        self._books = books
        self._clock = clock
        self._link = link
        self._enrol = Alarm(clock)
        self._reload = asyncio.Event()
        self._began = clock.now()
        self.standing = Standing(config.hub.data_dir, books.rulebooks)
        self.feed = Feed()
        self.figures = Figures()
        self._keep(store)
        self._secret = link_secret(config.hub.data_dir)
        self.ingest = Ingest()
        self.tracker = Tracker(self.standing.layouts())
        self.rulebooks = Rulebooks(books.rulebooks)
        self.journeys = Journeys(self.ledger, self.rulebooks, clock, decided=self._decided)
        self.deadlines = Deadlines(self.ledger, self.journeys, self.rulebooks, clock)
        self.downlink = Downlink(link, ConfigStore(store))
        self.dispatcher = Dispatcher(
            box=TellingBox(store, timezone_of=self.standing.timezone_of, feed=self.feed, figures=self.figures),
            channels=channels,
            rulebook_of=self.rulebooks.of,
            clock=clock,
            chance=dice().random,
            boot=secrets.token_hex(8),
            new_token=lambda: secrets.token_hex(8),
            unsubscribe_url=self._unsubscribe_url,
            shadow=config.hub.shadow,
        )
        self.pipeline = Pipeline(
            broker=link,
            ingest=self.ingest,
            tracker=self.tracker,
            enrolment=lambda: self.standing.enrolment,
            journeys=self.journeys,
            ledger=self.ledger,
            marks=self.marks,
            gateways=self.gateways,
            acknowledge=self.downlink.acknowledge,
            clock=clock,
        )
        self.commands = Commands(self._control_deps())
        self.api = self._api()

    def _keep(self, store: Store) -> None:
        self.guests = GuestStore(store)
        self.tokens = TokenStore(store)
        self.messages = MessageStore(store)
        self.imports = ImportStore(store)
        self.marks = MarkStore(store)
        self.gateways = GatewayStore(store)
        self.visits = VisitStore(store)
        self.ledger = LedgerStore(store, timezone_of=self.standing.timezone_of)

    async def settle_in(self) -> None:
        """Take up what the last start left: marks, gateways, open visits, versions in use, who is enrolled."""
        now = self._clock.now()
        self.ingest.marks.restore(await self.marks.load())
        notes = await self.gateways.load()
        self.ingest.gateways.restore(notes)
        self.standing.revoked = frozenset((note.venue, note.gateway) for note in notes if note.revoked)
        await self._take_books(self._books, now)
        await self.enrolment_changed()
        self.pipeline.changed(self.tracker.restore(await self.visits.open_visits(), now=now.timestamp()))
        self._link.watch(self._link_changed)
        self.figures.watch(ingest=lambda: self.ingest.counts, link_up=lambda: self._link.is_up)

    def loops(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """All that runs for as long as the hub does, by name."""
        return {
            "link": self._link.run(),
            "pipeline": self.pipeline.run(),
            "deadlines": self.deadlines.run(),
            "outbox": self.dispatcher.run(),
            "enrolment": self._watch_enrolment(),
            "reload": self._watch_reload(),
        }

    def ask_to_reload(self) -> None:
        """Read the venue files again, soon."""
        self._reload.set()

    async def enrolment_changed(self) -> None:
        """A tag, a consent or a venue has changed: hear whom we may hear, and tell the gateways."""
        now = self._clock.now()
        self.standing.enrolment = Enrolment(self.standing.keys, await self.guests.enrolled(now))
        self.ingest.roster = self.standing.roster(now)
        for venue, book in self.standing.books.items():
            gateways = [
                gateway
                for zone in book.venue.zones.values()
                for gateway in zone.gateways
                if (venue, gateway) not in self.standing.revoked
            ]
            tags = self.standing.enrolment.pseudonyms(venue, now)
            await self.downlink.want(
                venue, gateways, DesiredConfig(version=0, key=self.standing.keys[VenueId(venue)], tags=tags)
            )
        self._enrol.poke()

    async def _watch_enrolment(self) -> None:
        while True:
            now = self._clock.now()
            await self._enrol.sleep(self.standing.enrolment.next_change(now), longest=LONGEST_SLEEP)
            if self.standing.enrolment.next_change(now) != self.standing.enrolment.next_change(self._clock.now()):
                await self.enrolment_changed()

    async def _watch_reload(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            try:
                books = await asyncio.to_thread(read_books, self._config)
                await self._take_books(books, self._clock.now())
            except BadConfig as exc:
                for line in str(exc).splitlines():
                    _log.error("The venue files have a fault; what was in force stays", fault=line)
                continue
            await self.enrolment_changed()
            _log.info("The venue files are in force", venues=sorted(books.rulebooks))

    async def _take_books(self, books: Books, now: datetime) -> None:
        complete = await with_versions_in_use(books.rulebooks, books.texts, self.ledger, now=now)
        self.standing.take_books(complete)
        self._books = books
        self.rulebooks.swap(complete)
        self.pipeline.changed(self.tracker.lay_out(self.standing.layouts(), now=now.timestamp()))
        self.deadlines.poke()

    def _link_changed(self, up: bool) -> None:  # noqa: FBT001  the link says it so
        self.tracker.link_state(self._clock.now().timestamp(), up=up)
        if up:
            self.downlink.tell_all()

    def _decided(self, record: Record) -> None:
        """A record is durable: wake those who act on it, and tell those who watch."""
        if record.planned:
            self.dispatcher.poke()
        if record.runs:
            self.deadlines.poke()
        tell_record(self.feed, record)
        for decision in record.decisions:
            self.figures.decided(decision.venue, decision.journey, decision.kind.value, decision.reason.value)

    def _unsubscribe_url(self, planned: Planned) -> str | None:
        base = self._config.hub.public_url
        if not base:
            return None
        return f"{base}/u/{unsubscribe.make(self._secret, planned.guest, planned.purpose, 'email')}"

    async def post_event(self, event: Event) -> Posted:
        """An event of another system. Raises NotFound when nobody knows the guest."""
        if await self.ledger.facts(venue=event.venue, guest=event.guest, at=event.at) is None:
            raise NotFound("guest: found nobody of this id; right would be one that was put before")
        record = await self.journeys.handle(event)
        return Posted.REPEATED if record is None else Posted.TAKEN

    async def presence(self, venue: str) -> Sequence[PresentGuest]:
        """Who is where, by zone, then since when."""
        found = []
        for place in self.tracker.where(venue):
            guest = self.standing.enrolment.whose(venue, place.tag, place.heard_at)
            if guest is not None:
                profile = (await self.guests.guest(guest)).profile
                found.append(
                    PresentGuest(
                        guest=guest,
                        first_name=profile.first_name,
                        last_name=profile.last_name,
                        zone=place.zone,
                        since=place.entered,
                        confidence=place.confidence,
                    )
                )
        return sorted(found, key=lambda one: (one.zone, one.since, one.guest))

    async def seen_gateways(self, venue: str | None) -> Sequence[SeenGateway]:
        """Every gateway that the venue files name, and those that were heard."""
        return self.ingest.gateways.seen(self.ingest.roster, venue)

    async def import_csv(self, kind: str, text: str, file: str) -> Mapping[str, int]:
        """Take a whole file, or nothing of it."""
        taken = await self.imports.take(kind, text, file=file, venues=self.standing.books, now=self._clock.now())
        await self.enrolment_changed()
        return taken

    def waiting_for(self) -> Sequence[str]:
        """What keeps the hub from being ready."""
        return () if self._link.is_up else ("broker",)

    def _pages(self) -> Mapping[str, VenuePage]:
        return {
            venue: venue_page(
                venue=venue,
                name=book.venue.name,
                timezone=book.venue.timezone.key,
                zones=tuple(book.venue.zones),
                plan=self._books.plans.get(venue),
            )
            for venue, book in self.standing.books.items()
        }

    def _control_deps(self) -> ControlDeps:
        return ControlDeps(
            clock=self._clock,
            tokens=self.tokens,
            messages=self.messages,
            guests=self.guests,
            gateways=self.seen_gateways,
            import_csv=self.import_csv,
            enrolment_changed=self.enrolment_changed,
            venues=lambda: self.standing.books,
            about=lambda: {"version": version("innkeeper"), "since": self._began.isoformat()},
        )

    def _api(self) -> FastAPI:
        live = _Live(self.presence, self.seen_gateways)
        api = build_api(
            ApiDeps(
                clock=self._clock,
                tokens=self.tokens,
                guests=self.guests,
                messages=self.messages,
                live=live,
                feed=self.feed,
                post_event=self.post_event,
                venues=self.standing.shown,
                pseudonyms=self.standing.pseudonyms,
                enrolment_changed=self.enrolment_changed,
                read_unsubscribe=lambda token: unsubscribe.read(self._secret, token),
                waiting_for=self.waiting_for,
                metrics=self.figures.registry,
            )
        )
        add_pages(
            api,
            PagesDeps(
                clock=self._clock,
                tokens=self.tokens,
                guests=self.guests,
                messages=self.messages,
                live=live,
                feed=self.feed,
                venues=self._pages,
                secure=self._config.hub.public_url.startswith("https:"),
            ),
        )
        return api


class _Live:
    """What the API and the pages call the running hub."""

    def __init__(
        self,
        presence: Callable[[str], Coroutine[Any, Any, Sequence[PresentGuest]]],
        gateways: Callable[[str | None], Coroutine[Any, Any, Sequence[SeenGateway]]],
    ) -> None:
        self.presence = presence
        self.gateways = gateways
