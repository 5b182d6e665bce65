"""A message as the rules plan it, with what a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from rules.event import Value
from rules.facts import Planned
from tests.fakes.hub_clock import T0


def a_planned(  # noqa: PLR0913  a test names what it is about
    name: str = "m1",
    *,
    guest: str = "ana",
    message: str = "welcome",
    channels: tuple[str, ...] = ("push", "email"),
    at: datetime = T0,
    not_before: datetime | None = None,
    expires_at: datetime = T0 + timedelta(minutes=15),
    ghost: bool = False,
    view: Mapping[str, Value] | None = None,
) -> Planned:
    return Planned(
        id=name,
        dedupe_key=f"key-{name}",
        run=f"run-{name}",
        step="steps.0",
        venue="marlton",
        guest=guest,
        journey="welcome",
        version="v1",
        message=message,
        purpose="marketing",
        priority=0,
        channels=channels,
        at=at,
        not_before=not_before,
        expires_at=expires_at,
        ghost=ghost,
        view=view or {},
    )
