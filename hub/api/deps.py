"""What does the API stand on? One value, made by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from hub.api.feed import Feed
from hub.api.guesses import Guesses
from hub.api.port import AckTask, Coupons, HearPhone, Live, Messages, PostEvent, Tasks, Tokens, VenueShown
from hub.clock import Clock
from hub.identity.port import Beacons, Guests
from hub.identity.resume import Resumed
from hub.identity.unsubscribe import Unsubscribed
from hub.ingest.tag_health import TagSeen
from hub.outbox.message import State
from hub.outbox.receipt import Receipt
from wire.advert.frame import TagId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDeps:
    """The ports and callables behind the routes."""

    clock: Clock
    tokens: Tokens
    guests: Guests
    beacons: Beacons
    messages: Messages
    live: Live
    feed: Feed
    post_event: PostEvent
    hear_phone: HearPhone
    tasks: Tasks
    ack_task: AckTask
    coupons: Coupons
    take_receipt: Callable[[Receipt], Awaitable[State]]  # NotFound when nobody knows the message
    venues: Callable[[], Mapping[str, VenueShown]]  # those in force now: a reload changes them
    pseudonyms: Callable[[TagId], Mapping[str, str]]  # of a tag, by venue
    enrolment_changed: Callable[[], Awaitable[None]]  # a tag or a consent to presence has changed: tell the gateways
    read_unsubscribe: Callable[[str], Unsubscribed | None]  # whom a link's token lets go
    read_resume: Callable[[str], Resumed | None]  # who comes back by a link's token
    waiting_for: Callable[[], Sequence[str]]  # what keeps the hub from being ready: "broker", "store"; empty: ready
    metrics: CollectorRegistry
    ailing: Callable[[], Sequence[str]] = tuple  # what is wrong with the hub and does not mend itself; empty: nothing
    telemetry: Callable[[Mapping[str, str]], Sequence[TagSeen]] = lambda _: ()  # of a tag, by its pseudonyms
    copied: Callable[[Mapping[str, str]], Mapping[str, Sequence[str]]] = lambda _: {}  # where a tag is in two places
    guesses: Guesses = field(default_factory=Guesses)  # of coupon codes


def _deps(request: Request) -> ApiDeps:
    deps: ApiDeps = request.app.state.deps
    return deps


Deps = Annotated[ApiDeps, Depends(_deps)]
