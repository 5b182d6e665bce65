"""Tags: whose beacon it is, and under which name it travels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter

from hub.api.answers import BindingShown, TagHistory, TagShown
from hub.api.auth import FRONT_DESK, WRITERS, Caller, Guarded, roles
from hub.api.deps import ApiDeps, Deps
from hub.api.fields import TagInPath
from hub.api.problem import invalid, not_there
from hub.api.schemas import EidBody, TagBody
from hub.errors import NotFound
from hub.identity.eid import RollingBeacon
from hub.identity.guest import Binding, GuestId
from wire.advert.frame import TagId
from wire.tag import parse_tag, rolls

router = APIRouter(route_class=Guarded, tags=["tags"])


@router.put("/v1/tags/{tag}", openapi_extra=roles(WRITERS))
async def put_tag(tag: TagInPath, body: TagBody, caller: Caller, deps: Deps) -> TagShown:
    """Bind a tag to a guest. Whoever had it until then has it no longer."""
    canonical, now = parse_tag(tag), deps.clock.now()
    binding = Binding(tag=canonical, guest=GuestId(body.guest), from_=body.from_ or now, until=body.until)
    if binding.until is not None and binding.until <= binding.from_:
        raise invalid("body.until", binding.until.isoformat(), "later than `from`")
    beacon = _beacon(deps, canonical, body.eid, now)
    try:
        await deps.guests.put_binding(binding, now)
    except NotFound as exc:
        raise not_there("body.guest", body.guest, "one who was put before: PUT /v1/guests/{guest}") from exc
    if beacon is not None:
        await deps.beacons.keep(canonical, beacon)
    await deps.enrolment_changed()
    stored = _in_force(await deps.guests.bindings_of(canonical), binding)
    return TagShown(**BindingShown.of(stored).model_dump(), pseudonyms=_pseudonyms(deps, canonical, caller))


@router.get("/v1/tags/{tag}", openapi_extra=roles(FRONT_DESK))
async def get_tag(tag: TagInPath, caller: Caller, deps: Deps) -> TagHistory:
    """Whose it was, is and will be, oldest first."""
    canonical = parse_tag(tag)
    bindings = await deps.guests.bindings_of(canonical)
    return TagHistory(
        tag=canonical,
        pseudonyms=_pseudonyms(deps, canonical, caller),
        bindings=[BindingShown.of(binding) for binding in bindings],
        telemetry=deps.telemetry(_pseudonyms(deps, canonical, caller)),
        copied=deps.copied(_pseudonyms(deps, canonical, caller)),
    )


@router.delete("/v1/tags/{tag}", status_code=HTTPStatus.NO_CONTENT, openapi_extra=roles(WRITERS))
async def delete_tag(tag: TagInPath, deps: Deps) -> None:
    """Forget whose tag it was, and its secret, if it has one."""
    canonical = parse_tag(tag)
    await deps.guests.delete_tag(canonical, deps.clock.now())
    if rolls(canonical):
        await deps.beacons.forget(canonical)
    await deps.enrolment_changed()


def _beacon(deps: ApiDeps, tag: TagId, secret: EidBody | None, now: datetime) -> RollingBeacon | None:
    """One whose identifier rolls is handed in with its secret once; nobody is told it again."""
    if not rolls(tag):
        if secret is not None:
            raise invalid("body.eid", "a secret", f"none: the identifier of {tag.partition(':')[0]} stays")
        return None
    if secret is None:
        if not deps.beacons.knows(tag):
            raise invalid("body.eid", "nothing", "its key, exponent and count: this beacon was not handed in before")
        return None
    at = (secret.at or now).timestamp()
    return RollingBeacon.told(key=secret.key, exponent=secret.exponent, count=secret.count, at=at)


def _in_force(bindings: Sequence[Binding], put: Binding) -> Binding:
    """As the store keeps it: a tag that was hers already stays hers since then, and ends where another's begins."""
    hers = [one for one in bindings if one.guest == put.guest and one.from_ <= put.from_]
    return max(hers, key=lambda one: one.from_, default=put)


def _pseudonyms(deps: ApiDeps, tag: TagId, caller: Caller) -> dict[str, str]:
    return {venue: name for venue, name in deps.pseudonyms(tag).items() if caller.sees(venue)}
