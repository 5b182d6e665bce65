"""What does the house show outside? The HTTP API, the pages, and the commands of the control socket, over its rooms."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from fastapi import FastAPI

from hub.api.app import build_api
from hub.api.deps import ApiDeps
from hub.app.beacons import KeptBeacons
from hub.app.delivering import delivery_deps
from hub.app.gatekeeping import gateway_deps
from hub.app.house import House
from hub.control.commands import Commands, ControlDeps
from hub.control.journeys import JourneyDeps
from hub.identity import resume, unsubscribe
from hub.ingest.tag_health import seen_by
from hub.pages.app import add_pages
from hub.pages.deps import PagesDeps
from hub.pages.venue import VenuePage, venue_page


def http_of(house: House) -> FastAPI:
    """All that is reached over HTTP."""
    stores = house.stores
    api = build_api(
        ApiDeps(
            clock=house.clock,
            tokens=stores.tokens,
            guests=stores.guests,
            beacons=KeptBeacons(house.standing),
            messages=stores.messages,
            live=house.live,
            feed=house.feed,
            post_event=house.incoming.post_event,
            hear_phone=house.phones.hear,
            tasks=stores.tasks,
            ack_task=house.agenda.ack_task,
            coupons=stores.coupons,
            take_receipt=house.incoming.take_receipt,
            venues=house.standing.shown,
            pseudonyms=house.standing.pseudonyms,
            telemetry=lambda names: seen_by(names, house.ingest.gateways.told(), house.clock.now()),
            copied=house.copies.of,
            enrolment_changed=house.enrolling.changed,
            read_unsubscribe=lambda token: unsubscribe.read(house.secret, token),
            read_resume=lambda token: resume.read(house.secret, token, now=house.clock.now()),
            waiting_for=lambda: () if house.link.is_up else ("broker",),
            ailing=lambda: ("its database, whose file is gone",) if house.guard.is_gone else (),
            metrics=house.figures.registry,
        )
    )
    add_pages(
        api,
        PagesDeps(
            clock=house.clock,
            tokens=stores.tokens,
            guests=stores.guests,
            messages=stores.messages,
            live=house.live,
            tasks=stores.tasks,
            ack_task=house.agenda.ack_task,
            feed=house.feed,
            venues=lambda: _venue_pages(house),
            secure=house.config.hub.public_url.startswith("https:"),
        ),
    )
    return api


def commands_of(house: House) -> Commands:
    """All that `innkeeper` may ask of a running hub."""
    stores = house.stores
    return Commands(
        ControlDeps(
            clock=house.clock,
            tokens=stores.tokens,
            messages=stores.messages,
            guests=stores.guests,
            gateways=house.live.gateways,
            import_csv=house.incoming.import_csv,
            enrolment_changed=house.enrolling.changed,
            venues=lambda: house.standing.books,
            about=lambda: {"version": version("innkeeper"), "since": house.began.isoformat()},
            doors=gateway_deps(house.config, house.standing, stores.gateways, house.gatekeeping),
            delivery=delivery_deps(
                house.config,
                stores,
                house.clock,
                rulebook_of=house.rulebooks.of,
                pause=house.pause,
                poke=house.dispatcher.poke,
            ),
            journeys=JourneyDeps(
                clock=house.clock,
                books=lambda: house.rulebooks.current,
                holds=stores.holds,
                held_changed=house.reloading.held_changed,
                runs=stores.ledger,
                handwork=house.agenda.handwork,
                versions_changed=house.reloading.versions_changed,
            ),
        )
    )


def _venue_pages(house: House) -> Mapping[str, VenuePage]:
    return {
        venue: venue_page(
            venue=venue,
            name=book.venue.name,
            timezone=book.venue.timezone.key,
            zones=tuple(book.venue.zones),
            plan=house.reloading.books.plans.get(venue),
        )
        for venue, book in house.standing.books.items()
    }
