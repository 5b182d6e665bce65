"""Which room is handed what? All of the hub's rooms, wired; nothing here decides anything. hub.app.doors opens it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any

import structlog

from hub.api.feed import Feed
from hub.app.agenda import Agenda
from hub.app.books import Books
from hub.app.copies import CopiedTags
from hub.app.enrolling import Enrolling
from hub.app.extras import TextExtras
from hub.app.gatekeeping import Gatekeeping
from hub.app.handing import Handing
from hub.app.incoming import Incoming
from hub.app.live import LiveView
from hub.app.outbox_figures import OutboxFigures
from hub.app.phones import Phones
from hub.app.references import References
from hub.app.reloading import Reloading
from hub.app.repairing import Repairing
from hub.app.secret import link_secret
from hub.app.standing import Standing
from hub.app.stores import Stores
from hub.app.telling import TellingBox, tell_record
from hub.app.trackers import Trackers
from hub.channels.sources import Sources
from hub.clock import Clock, boot_id, boot_time, dice
from hub.config.hub_toml import HubConfig
from hub.identity import unsubscribe
from hub.ingest.receive import Ingest
from hub.journeys.deadlines import Deadlines
from hub.journeys.engine import Journeys
from hub.journeys.port import Record
from hub.journeys.rulebooks import Rulebooks
from hub.link.downlink import Downlink
from hub.link.link import Link
from hub.measure.figures import Figures
from hub.outbox.dispatch import Dispatcher
from hub.outbox.holding import Holding
from hub.outbox.pace import Pace, rate_of
from hub.outbox.port import Channel
from hub.pipeline import Pipeline
from hub.store.changes import Watch
from hub.store.restraints import safeguards
from hub.store.sqlite import Store
from hub.store.vanished import Guard
from rules.facts import Planned

_log = structlog.get_logger()


class House:
    """The rooms of one running hub."""

    def __init__(  # noqa: PLR0913  what serve opened for it
        self,
        *,
        config: HubConfig,
        books: Books,
        store: Store,
        channels: Mapping[str, Channel],
        sources: Sources,
        link: Link,
        clock: Clock,
    ) -> None:
        self.config = config
        self.clock = clock
        self.link = link
        self.began = clock.now()
        self.secret = link_secret(config.hub.data_dir)  # seals the links in emails
        self.safeguards = safeguards(config.hub.data_dir, self.secret)
        self.feed = Feed()
        self.figures = Figures()
        self.standing = Standing(config.hub.data_dir, books.rulebooks, books.surveys)
        watch = Watch(
            fields=self._waited_by,
            timezone_of=self.standing.timezone_of,
            written=self._written,
        )
        self.stores = Stores(
            store,
            timezone_of=self.standing.timezone_of,
            webhooks=config.webhooks,
            watch=watch,
            shadow=config.hub.shadow,
            safeguards=self.safeguards,
            departures=lambda: self.dispatcher.departures,
        )
        self.guard = Guard(store, config.database)
        self._hear(clock)
        self._decide(books, clock)
        self._send(store, channels, sources, clock)
        self.agenda = Agenda(
            stores=self.stores,
            journeys=self.journeys,
            rulebooks=self.rulebooks,
            channels=channels,
            paces=self.paces,
            feed=self.feed,
            clock=clock,
            told=self._decided,
            stopped=lambda: self.holding.paused,
        )
        self.reloading = Reloading(
            config=config,
            books=books,
            rulebooks=self.rulebooks,
            standing=self.standing,
            stores=self.stores,
            enrolling=self.enrolling,
            clock=clock,
            taken=self._files_taken,
            let_go=self.dispatcher.poke,
        )
        self.incoming = Incoming(
            stores=self.stores,
            journeys=self.journeys,
            standing=self.standing,
            enrolling=self.enrolling,
            clock=clock,
        )

    def _hear(self, clock: Clock) -> None:
        self.ingest = Ingest()
        self.trackers = Trackers(self.standing)
        self.downlink = Downlink(self.link, self.stores.configs)
        self.handing = Handing(standing=self.standing, trackers=self.trackers)
        self.enrolling = Enrolling(
            standing=self.standing,
            guests=self.stores.guests,
            ingest=self.ingest,
            downlink=self.downlink,
            clock=clock,
            enrolled=self._others_enrolled,
        )
        self.gatekeeping = Gatekeeping(
            standing=self.standing,
            gateways=self.stores.gateways,
            clock=clock,
            changed=self.enrolling.changed,
            forget=self.downlink.forget,
        )
        self.references = References(
            tracker=self.trackers.tags, standing=self.standing, ingest=self.ingest, clock=clock
        )
        self.copies = CopiedTags(tracker=self.trackers.tags, clock=clock)
        self.live = LiveView(
            references=self.references,
            trackers=self.trackers,
            standing=self.standing,
            guests=self.stores.guests,
            ingest=self.ingest,
            clock=clock,
        )

    def _decide(self, books: Books, clock: Clock) -> None:
        ledger = self.stores.ledger
        counts: Counter[str] = Counter()
        self.repairing = Repairing(store=self.stores.late, standing=self.standing, clock=clock, counts=counts)
        self.rulebooks = Rulebooks(books.rulebooks)
        self.journeys = Journeys(ledger, self.rulebooks, clock, decided=self._decided)
        self.deadlines = Deadlines(ledger, self.journeys, self.rulebooks, clock)
        self.pipeline = Pipeline(
            broker=self.link,
            ingest=self.ingest,
            tracker=self.trackers.tags,
            phones=self.trackers.phones,
            enrolment=lambda: self.standing.enrolment,
            journeys=self.journeys,
            ledger=ledger,
            marks=self.stores.marks,
            gateways=self.stores.gateways,
            acknowledge=self.downlink.acknowledge,
            history=self.repairing,
            is_reference=self.references.is_one,
            counts=counts,
            clock=clock,
        )
        self.phones = Phones(standing=self.standing, guests=self.stores.guests, pipeline=self.pipeline, clock=clock)

    def _send(self, store: Store, channels: Mapping[str, Channel], sources: Sources, clock: Clock) -> None:
        self.paces = {
            name: Pace(rate_of(limit.per_s, limit.burst), clock.monotonic) for name, limit in self.config.rates.items()
        }
        self.holding = Holding(standstill=self.stores.standstill, clock=clock, boot=boot_time, boot_id=boot_id())
        self.dispatcher = Dispatcher(
            box=TellingBox(
                store,
                timezone_of=self.standing.timezone_of,
                feed=self.feed,
                figures=self.figures,
                webhooks=self.config.webhooks,
            ),
            channels=channels,
            rulebook_of=self.rulebooks.of,
            clock=clock,
            chance=dice().random,
            boot=secrets.token_hex(8),
            new_token=lambda: secrets.token_hex(8),
            unsubscribe_url=self._unsubscribe_url,
            extras=TextExtras(sources=sources, secret=self.secret),
            holding=self.holding,
            paces=self.paces,
            shadow=self.config.hub.shadow,
        )

        self.outbox_figures = OutboxFigures(
            deliveries=self.stores.deliveries, dispatcher=self.dispatcher, channels=channels, clock=clock
        )

    async def pause(self, paused: bool) -> None:  # noqa: FBT001  as the commands say it
        """Send nothing from now on, or what is still worth sending."""
        await self.holding.pause(paused=paused)
        self.dispatcher.poke()
        self.agenda.teller.poke()

    async def settle_in(self) -> None:
        """Take up what the last start left: marks, gateways, open visits, versions in use, who is enrolled."""
        self.guard.look(self.guard.found())
        await self.holding.settle_in()  # before anything can leave
        now = self.clock.now()
        self.ingest.marks.restore(await self.stores.marks.load())
        notes = await self.stores.gateways.load()
        self.ingest.gateways.restore(notes)
        self.standing.revoked = frozenset((note.venue, note.gateway) for note in notes if note.revoked)
        await self.reloading.take_holds()
        await self.reloading.take(self.reloading.books, now)
        await self.enrolling.changed()
        visits = await self.stores.visits.open_visits()
        self.pipeline.changed(self.trackers.restore(visits, now.timestamp()))
        self.link.watch(self._link_changed)
        self._link_changed(self.link.is_up)  # until it is, nobody's silence counts
        self.figures.watch(
            ingest=lambda: self.ingest.counts,
            pipeline=lambda: self.pipeline.counts,
            link_up=lambda: self.link.is_up,
        )
        self.figures.watch_outbox(self.outbox_figures.now)
        self.figures.watch_references(self.references.figures)
        self.figures.watch_copies(self.copies.figures)

    def loops(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """All that runs for as long as the hub does, by name."""
        return {
            "link": self.link.run(),
            "pipeline": self.pipeline.run(),
            "deadlines": self.deadlines.run(),
            "outbox": self.dispatcher.run(),
            "outbox-figures": self.outbox_figures.run(),
            "enrolment": self.enrolling.run(),
            "repairing": self.repairing.run(),
            "references": self.references.run(),
            "copies": self.copies.run(),
            "reload": self.reloading.run(),
            "database-guard": self.guard.run(),
            "reserve": self.safeguards.reserve.run(),
            "emptying": self.stores.emptying.run(),
            **self.agenda.loops(),
        }

    def _files_taken(self, now: datetime) -> None:
        """Other venue files are in force: whoever goes by them is told."""
        self.agenda.schedule.poke()
        self.pipeline.changed(self.trackers.lay_out(now.timestamp()))
        self.deadlines.poke()

    def _others_enrolled(self, now: datetime) -> None:
        """Tags may have changed hands: the visits of whoever had them are over."""
        self.pipeline.changed(self.handing.look(now))

    def _link_changed(self, up: bool) -> None:  # noqa: FBT001  the link says it so
        self.trackers.tags.link_state(self.clock.now().timestamp(), up=up)
        if up:
            self.downlink.tell_all()

    def _decided(self, record: Record) -> None:
        """A record is durable: wake those who act on it, and tell those who watch."""
        if record.planned:
            self.dispatcher.poke()
        if record.runs:
            self.deadlines.poke()
        self.agenda.decided(record)
        tell_record(self.feed, record, shadow=self.config.hub.shadow)
        for decision in record.decisions:
            self.figures.decided(decision.venue, decision.journey, decision.kind.value, decision.reason.value)

    def _waited_by(self) -> Mapping[str, frozenset[str]]:
        return self.rulebooks.waited_by()

    def _written(self) -> None:
        """Somebody wrote about a guest: what waits for it may move."""
        self.agenda.inbox.poke()

    def _unsubscribe_url(self, planned: Planned) -> str | None:
        base = self.config.hub.public_url
        if not base:
            return None
        return f"{base}/u/{unsubscribe.make(self.secret, planned.guest, planned.purpose, 'email')}"
