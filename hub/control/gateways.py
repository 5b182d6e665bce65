"""What may be told of gateways? add, rotate, revoke: who comes to the broker, and whom the hub hears.

A gateway that the venue file names is heard unless it was revoked; `add` makes its password and undoes a revocation.
`revoke` is in force with the hub at once, whatever session it has at the broker.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from hub.control.credentials import Credentials
from hub.control.server import Command
from hub.errors import BadRequest, NotFound
from wire.errors import Malformed
from wire.mqtt.topics import check_id


class Doorkeeper(Protocol):
    """Whom the hub hears."""

    async def revoke(self, venue: str, gateway: str) -> None:
        """Hear it no more, from now on."""
        ...

    async def admit(self, venue: str, gateway: str) -> None:
        """Hear it (again)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDeps:
    """What the commands stand on."""

    credentials: Credentials
    doorkeeper: Doorkeeper
    named: Callable[[], Mapping[str, Collection[str]]]  # by venue: the gateways of its file
    revoked: Callable[[], Awaitable[Collection[tuple[str, str]]]]


class GatewayNamed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`gateway add|rotate|revoke`."""

    gateway: str  # VENUE/GATEWAY, or GATEWAY where there is one venue


class GatewayCommands:
    """Each command."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    def table(self) -> Mapping[str, Command]:
        """By name."""
        return {"gateway add": self.add, "gateway rotate": self.rotate, "gateway revoke": self.revoke}

    async def add(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Its password, this once."""
        venue, gateway = self._read(args)
        user = f"{venue}/{gateway}"
        if gateway not in self._deps.named()[venue]:
            known = ", ".join(sorted(self._deps.named()[venue])) or "none"
            raise BadRequest(f"gateway: found {user}; right would be one that {venue}'s file names: {known}")
        if user in self._deps.credentials.users() and (venue, gateway) not in await self._deps.revoked():
            raise BadRequest(f"gateway: found {user}, which has a password; right would be `gateway rotate`")
        secret = self._deps.credentials.make(user)
        await self._deps.doorkeeper.admit(venue, gateway)
        return self._told(user, secret)

    async def rotate(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Another password, this once; the old one opens no new session."""
        venue, gateway = self._read(args)
        user = f"{venue}/{gateway}"
        if user not in self._deps.credentials.users():
            raise NotFound(f"gateway: found {user}, which has no password; right would be `gateway add`")
        return self._told(user, self._deps.credentials.make(user))

    async def revoke(self, args: dict[str, Any]) -> Mapping[str, Any]:
        """Nothing of it is heard from now on, it is told nothing, and its password opens nothing."""
        venue, gateway = self._read(args)
        user = f"{venue}/{gateway}"
        if gateway not in self._deps.named()[venue] and user not in self._deps.credentials.users():
            raise NotFound(f"gateway: found {user}; right would be one that {venue}'s file names")
        await self._deps.doorkeeper.revoke(venue, gateway)
        self._deps.credentials.remove(user)
        return {"user": user, "passwd": str(self._deps.credentials.passwd)}

    def _told(self, user: str, secret: str) -> Mapping[str, Any]:
        files = self._deps.credentials
        return {"user": user, "secret": secret, "passwd": str(files.passwd), "acl": str(files.acl)}

    def _read(self, args: dict[str, Any]) -> tuple[str, str]:
        try:
            text = msgspec.convert(args, GatewayNamed).gateway
        except msgspec.ValidationError as exc:
            raise BadRequest(f"args: {str(exc)[:1].lower()}{str(exc)[1:]}") from exc
        venues = sorted(self._deps.named())
        venue, slash, gateway = text.partition("/")
        if not slash and len(venues) == 1:
            venue, gateway = venues[0], text
        try:
            check_id(venue, "venue")
            check_id(gateway, "gateway")
        except Malformed as exc:
            raise BadRequest(f"gateway: found {text[:80]!r}; right would be VENUE/GATEWAY") from exc
        if venue not in venues:
            raise BadRequest(f"venue: found {venue}; right would be one of {', '.join(venues)}")
        return venue, gateway
