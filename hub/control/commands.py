"""Which commands may be given, and what does each answer? They are the same with a hub that runs and without one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec

from hub.clock import Clock
from hub.control.delivery import DeliveryCommands, DeliveryDeps
from hub.control.gateways import GatewayCommands, GatewayDeps
from hub.control.journeys import JourneyCommands, JourneyDeps
from hub.control.port import Gateways, Guests, ImportCsv, Messages, Tokens
from hub.control.server import Command
from hub.errors import BadRequest, NotFound
from hub.identity.guest import GuestId
from hub.identity.token import Role, TokenRecord
from hub.outbox.message import State
from hub.outbox.shown import MessageStory
from rules.decision import Decision

IMPORTS: Final = ("guests", "tags", "reservations")
LISTED: Final = 50  # messages or decisions that a command shows unless it is told otherwise
LISTED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlDeps:
    """The ports behind the commands."""

    clock: Clock
    tokens: Tokens
    messages: Messages
    guests: Guests
    gateways: Gateways
    import_csv: ImportCsv
    enrolment_changed: Callable[[], Awaitable[None]]  # whoever was erased is noticed no more
    venues: Callable[[], Collection[str]]  # the ids that a token may be bound to
    about: Callable[[], Mapping[str, Any]]  # what `ping` answers: version, since when
    delivery: DeliveryDeps | None = None  # None: no commands about delivery
    journeys: JourneyDeps | None = None  # None: no commands about journeys
    doors: GatewayDeps | None = None  # None: no commands about who is let in


class TokenWanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`token create`."""

    role: Role
    name: str
    venue: str | None = None
    guest: str | None = None


class TokenNamed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`token revoke`."""

    id: str


class FileGiven(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`import …`."""

    text: str
    file: str


class MessagesWanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`outbox list`."""

    state: State | None = None
    venue: str | None = None
    guest: str | None = None
    limit: int = LISTED
    cursor: str | None = None


class OneNamed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`outbox show`, `why`."""

    id: str


class VenueNamed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`gateway list`."""

    venue: str | None = None


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No arguments."""


Args = TypeVar("Args", bound=msgspec.Struct)


class Commands:
    """Each command, on the ports."""

    def __init__(self, deps: ControlDeps) -> None:
        self._deps = deps

    def table(self) -> Mapping[str, Command]:
        """Every command by its name."""
        return {
            "ping": self.ping,
            "token create": self.token_create,
            "token list": self.token_list,
            "token revoke": self.token_revoke,
            "gateway list": self.gateway_list,
            "outbox list": self.outbox_list,
            "outbox show": self.outbox_show,
            "why": self.why,
            "guest export": self.guest_export,
            "guest erase": self.guest_erase,
            **{f"import {kind}": self._importer(kind) for kind in IMPORTS},
            **({} if self._deps.doors is None else GatewayCommands(self._deps.doors).table()),
            **({} if self._deps.delivery is None else DeliveryCommands(self._deps.delivery).table()),
            **({} if self._deps.journeys is None else JourneyCommands(self._deps.journeys).table()),
        }

    async def ping(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Is it there?"""
        _read(args, Nothing)
        return self._deps.about()

    async def token_create(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """A new token, and its secret, this once."""
        wanted = _read(args, TokenWanted)
        if not wanted.name.strip():
            raise BadRequest("name: found nothing; right would be who will hold the token")
        known = sorted(self._deps.venues())
        if wanted.venue is not None and wanted.venue not in known:
            raise BadRequest(f"venue: found {wanted.venue}; right would be one of {', '.join(known)}")
        if wanted.guest is not None and wanted.role is not Role.APP:
            raise BadRequest(f"guest: found role {wanted.role}; right would be app, which alone is bound to a guest")
        record, secret = await self._deps.tokens.create(
            wanted.role, wanted.name, wanted.venue, wanted.guest, self._deps.clock.now()
        )
        return {**_token(record), "secret": secret}

    async def token_list(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Every token, without secrets."""
        _read(args, Nothing)
        return {"tokens": [_token(record) for record in await self._deps.tokens.list()]}

    async def token_revoke(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Nobody may use it from now on."""
        named = _read(args, TokenNamed)
        if not await self._deps.tokens.revoke(named.id, self._deps.clock.now()):
            raise NotFound(f"token: found {named.id}; right would be the id of one that is not revoked")
        return {"id": named.id}

    async def gateway_list(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Every gateway, and when it was last heard."""
        named = _read(args, VenueNamed)
        return {"gateways": _plain(await self._deps.gateways(named.venue))}

    async def outbox_list(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """The messages, newest first."""
        wanted = _read(args, MessagesWanted)
        if not 1 <= wanted.limit <= LISTED_MAX:
            raise BadRequest(f"limit: found {wanted.limit}; right would be 1 to {LISTED_MAX}")
        page = await self._deps.messages.page(
            venue=wanted.venue, state=wanted.state, guest=wanted.guest, limit=wanted.limit, cursor=wanted.cursor
        )
        return {"messages": _plain(page.items), "next": page.cursor}

    async def outbox_show(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """One message with its whole why."""
        named = _read(args, OneNamed)
        try:
            return {"message": _story(await self._deps.messages.one(named.id))}
        except NotFound:
            raise NotFound(f"message: found {named.id}; right would be the id of one in the outbox") from None

    async def why(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """A message's whole why, or, when there is none of this id, everything decided about a guest."""
        named = _read(args, OneNamed)
        try:
            return {"message": _story(await self._deps.messages.one(named.id))}
        except NotFound:
            page = await self._deps.messages.timeline(named.id, venue=None, limit=LISTED, cursor=None)
        if not page.items:
            raise NotFound(f"why: found {named.id}; right would be a message, or a guest about whom was decided")
        return {"guest": named.id, "decisions": _decisions(page.items), "next": page.cursor}

    async def guest_export(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """All that is held about a guest."""
        return await self._deps.guests.export_guest(GuestId(_read(args, OneNamed).id))

    async def guest_erase(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Nothing is held about the guest any more; `done` says whether the last bytes of it are gone too."""
        guest = GuestId(_read(args, OneNamed).id)
        await self._deps.guests.guest(guest)  # NotFound, where there is nobody to erase
        done = await self._deps.guests.erase_guest(guest, self._deps.clock.now())
        await self._deps.enrolment_changed()
        return {"id": guest, "done": done or await self._deps.guests.nothing_is_left()}

    def _importer(self, kind: str) -> Command:
        async def take(args: dict[str, Any]) -> Mapping[str, Any]:
            given = _read(args, FileGiven)
            return await self._deps.import_csv(kind, given.text, given.file)

        return take


def _read(args: dict[str, Any], kind: type[Args]) -> Args:
    try:
        return msgspec.convert(args, kind)
    except msgspec.ValidationError as exc:
        raise BadRequest(f"args: {str(exc)[:1].lower()}{str(exc)[1:]}") from exc


def _token(record: TokenRecord) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = _plain(record)
    return plain


def _story(story: MessageStory) -> Mapping[str, Any]:
    return {**_plain(replace(story, decisions=())), "decisions": _decisions(story.decisions)}


def _decisions(decisions: Iterable[Decision]) -> list[Any]:
    return [_plain(decision._asdict()) for decision in decisions]


def _plain(value: object) -> Any:  # noqa: ANN401  what JSON can say
    return msgspec.to_builtins(value)
