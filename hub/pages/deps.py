"""What do the pages stand on? One value, made by the composition root."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.clock import Clock
from hub.pages import phrases
from hub.pages.assets import Asset, read_assets
from hub.pages.floorplan import LABEL_INSET, frame, label_size
from hub.pages.port import AckTask, Feed, Guests, Live, Messages, Tasks, Tokens
from hub.pages.sessions import Sessions
from hub.pages.venue import VenuePage


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesDeps:
    """The ports and callables behind the pages."""

    clock: Clock
    tokens: Tokens
    guests: Guests
    messages: Messages
    live: Live
    tasks: Tasks
    ack_task: AckTask
    feed: Feed
    venues: Callable[[], Mapping[str, VenuePage]]  # those in force now: a reload changes them
    secure: bool  # people reach the hub over https: the cookie then travels over nothing else
    draw: Callable[[int], bytes] = secrets.token_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The pages' own parts, made once."""

    deps: PagesDeps
    sessions: Sessions
    templates: Environment
    assets: Mapping[str, Asset] = field(default_factory=read_assets)

    def render(self, template: str, **values: object) -> str:
        """One page, or a part of one."""
        return self.templates.get_template(template).render(assets=self.assets, **values)


def make_site(deps: PagesDeps) -> Site:
    """The pages' parts on these ports."""
    templates = Environment(
        loader=PackageLoader("hub.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(phrases=phrases, frame_of=frame, label_size=label_size, inset=LABEL_INSET)
    return Site(deps=deps, sessions=Sessions(deps.tokens, deps.draw), templates=templates)
