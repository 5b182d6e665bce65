"""One sender of pushes or mails, in a process of its own, so that its processor time is its own.

`python tests/bench/sender.py JSON` sends so many, IN_FLIGHT at once, and prints one line: the wall and the processor
seconds that it took, and the ids of all, whatever became of them. Each kind imports what it stands on by itself: a
peer's own environment need not have ours. What failed is told again, three times in all: of ours, as the outbox does,
what certainly failed; of a peer's, which does not tell certain failure from doubt, whatever raised.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

IN_FLIGHT = 500
MAILS_IN_FLIGHT = 8  # the hub's own, at a relay
TRIES = 3
PATIENCE_S = 12.0  # for one answer, as the hub's
TEXT = "Tonight's best rate is 129 euros. Shall we keep a room for you?"
COLLAPSE = "0123456789abcdef0123456789abcdef"

Send = Callable[[str], Awaitable[object]]  # one of this id


@contextlib.asynccontextmanager
async def ours(folder: Path, port: int, channel: str) -> AsyncIterator[Send]:
    """A channel of the hub's; what failed certainly is sent again, as the outbox does, and a doubt is final."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  a peer's Python must not need what follows
    from types import MappingProxyType  # noqa: PLC0415  the same

    sys.path.insert(0, str(Path(__file__).parents[2]))
    from hub.clock import SystemClock  # noqa: PLC0415  the same
    from hub.errors import SendFailed, Transient  # noqa: PLC0415  the same
    from hub.outbox.message import Notification, Target  # noqa: PLC0415  the same

    del port
    target: Callable[[str], Target] = {
        "apns": lambda each: Target(channel="push", provider="apns", address=each.replace("-", "") * 2, kind="apns"),
        "fcm": lambda each: Target(channel="push", provider="fcm", address=each, kind="fcm_token"),
        "smtp": lambda each: Target(channel="email", provider="smtp", address=f"{each[:8]}@guest.example"),
    }[channel]
    async with _opened(folder, channel, SystemClock()) as opened:

        async def send(each: str) -> None:
            notification = Notification(
                id=each,
                target=target(each),
                title="Tonight" if channel == "smtp" else None,
                body=TEXT,
                expires_at=datetime.now(UTC) + timedelta(hours=1),
                collapse=COLLAPSE,
                venue_name="The Marlton",
                data=MappingProxyType({"journey": "welcome"}),
            )
            for _ in range(TRIES):
                try:
                    await opened.send(notification)
                except Transient:  # certain
                    continue
                except SendFailed:
                    pass
                return

        yield send


@contextlib.asynccontextmanager
async def _opened(folder: Path, channel: str, clock: Any) -> AsyncIterator[Any]:  # noqa: ANN401  see `ours`
    import tomllib  # noqa: PLC0415  see `ours`

    module = import_module(f"hub.channels.{channel}")
    settings_type = getattr(module, f"{channel.capitalize()}Settings")
    table = tomllib.loads((folder / "hub.toml.part").read_text(encoding="utf-8"))[channel]
    values = {name: Path(value) if name.endswith("_file") else value for name, value in table.items()}
    if "from" in values:
        values["sender"] = values.pop("from")
    names = settings_type.__dataclass_fields__
    missing = {name: None for name in ("username", "password_file") if name in names and name not in values}
    known = {name: value for name, value in values.items() if name in names}
    async with getattr(module, f"open_{channel}")(settings_type(**known, **missing), clock) as opened:
        yield opened


@contextlib.asynccontextmanager
async def httpx2(folder: Path, port: int) -> AsyncIterator[Send]:
    """APNs by httpx2, HTTP/2, one client."""
    library, jwt = import_module("httpx2"), import_module("jwt")
    made = jwt.encode(*_claims(folder), algorithm="ES256", headers={"kid": _apns_table(folder)["key_id"]})
    fixed = {
        "authorization": f"bearer {made}",
        "apns-topic": _apns_table(folder)["topic"],
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-collapse-id": COLLAPSE,
    }
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    async with library.AsyncClient(
        http1=False, http2=True, verify=tls, timeout=PATIENCE_S, trust_env=False, base_url=f"https://127.0.0.1:{port}"
    ) as client:

        async def send(each: str) -> None:
            headers = {**fixed, "apns-id": each, "apns-expiration": str(int(time.time()) + 3600)}
            for _ in range(TRIES):
                with contextlib.suppress(library.HTTPError):
                    await client.post(f"/3/device/{each.replace('-', '') * 2}", json=_payload(each), headers=headers)
                    return

        yield send


@contextlib.asynccontextmanager
async def aioapns(folder: Path, port: int) -> AsyncIterator[Send]:
    """APNs by aioapns, as it comes; it tries again by itself."""
    library = import_module("aioapns")
    import_module("logging").disable(50)
    ours = {"APNS_SERVER": "127.0.0.1", "APNS_PORT": port}
    server = type("Here", (import_module("aioapns.connection").APNsProductionClientProtocol,), ours)
    table = _apns_table(folder)
    client = library.APNs(
        key=(folder / "apns.p8").read_text(),
        key_id=table["key_id"],
        team_id=table["team_id"],
        topic=table["topic"],
        ssl_context=ssl.create_default_context(cafile=str(folder / "ca.pem")),
    )
    client.pool.protocol_class = server

    async def send(each: str) -> None:
        asked = library.NotificationRequest(
            device_token=each.replace("-", "") * 2,
            message=_payload(each),
            notification_id=each,
            time_to_live=3600,
            priority=10,
            collapse_key=COLLAPSE,
            push_type=library.PushType.ALERT,
        )
        with contextlib.suppress(Exception):
            await client.send_notification(asked)

    yield send


@contextlib.asynccontextmanager
async def aiosmtplib(folder: Path, port: int) -> AsyncIterator[Send]:
    """Mails by aiosmtplib alone: a connection each, as ours, and a message that is made before."""
    library = import_module("aiosmtplib")
    message = import_module("email.message").EmailMessage
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))

    async def send(each: str) -> None:
        mail = message()
        mail["From"], mail["To"], mail["Subject"] = "hotel@marlton.example", f"{each[:8]}@guest.example", "Tonight"
        mail["Message-ID"] = f"<{each}@marlton.example>"
        mail.set_content(TEXT)
        await library.send(mail, hostname="127.0.0.1", port=port + 2, start_tls=True, tls_context=tls)

    yield send


def _payload(each: str) -> dict[str, Any]:
    alert = {"title": "The Marlton", "body": TEXT}
    return {"aps": {"alert": alert, "sound": "default"}, "innkeeper": {"journey": "welcome", "id": each}}


def _claims(folder: Path) -> tuple[dict[str, Any], str]:
    return {"iss": _apns_table(folder)["team_id"], "iat": int(time.time())}, (folder / "apns.p8").read_text()


def _apns_table(folder: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  see `ours`

    table: dict[str, Any] = tomllib.loads((folder / "hub.toml.part").read_text(encoding="utf-8"))["apns"]
    return table


KINDS: dict[str, Callable[[Path, int], contextlib.AbstractAsyncContextManager[Send]]] = {
    "ours": lambda folder, port: ours(folder, port, "apns"),
    "ours-fcm": lambda folder, port: ours(folder, port, "fcm"),
    "ours-smtp": lambda folder, port: ours(folder, port, "smtp"),
    "httpx2": httpx2,
    "aioapns": aioapns,
    "aiosmtplib": aiosmtplib,
}


async def _send_all(send: Send, number: int, in_flight: int) -> list[str]:
    ids = [str(uuid.uuid4()) for _ in range(number)]
    left = iter(ids)

    async def worker() -> None:
        for each in left:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await send(each)

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return ids


async def _main(ask: dict[str, Any]) -> None:
    in_flight = MAILS_IN_FLIGHT if "smtp" in ask["kind"] else IN_FLIGHT
    async with KINDS[ask["kind"]](Path(ask["folder"]), ask["port"]) as send:
        await _send_all(send, ask["warm"], in_flight)
        cpu, wall = time.process_time(), time.perf_counter()
        ids = await _send_all(send, ask["number"], in_flight)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        sys.stdout.write(json.dumps({"wall_s": wall, "cpu_s": cpu, "ids": ids}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
