"""One signed POST, what each answer means, and where it never goes."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.channels.http1 import Place, post
from hub.channels.http2.outcome import NotProcessed
from hub.channels.webhook import WebhookChannel, WebhookSettings, answer, open_webhook, read_key, read_url
from hub.errors import BadConfig, Doubt, Permanent, SendFailed, Transient, Trouble
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.notifications import a_notification

SECRET = b"sixteen bytes or more"
OK = b'HTTP/1.1 202 Accepted\r\ncontent-length: 13\r\n\r\n{"id": "x-1"}'
MESSAGE = "0b0f1c1e-0000-4000-8000-000000000001"


@dataclass
class Receiver:
    """Answers each connection with literal bytes, and keeps what it was sent."""

    answers: list[bytes]
    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length"))
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(length))
        writer.write(self.answers.pop(0))
        writer.close()


@asynccontextmanager
async def receiving(*answers: bytes) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers))
    server = await asyncio.start_server(receiver.talk, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def settings(tmp_path: Path, url: str, *, allow_private: bool = True) -> WebhookSettings:
    secret = tmp_path / "sms.secret"
    secret.write_bytes(SECRET)
    return WebhookSettings(name="sms", url=url, secret_file=secret, allow_private=allow_private)


async def send(tmp_path: Path, port: int) -> object:
    where = settings(tmp_path, f"http://127.0.0.1:{port}/send?x=1")
    async with open_webhook(where, StillClock()) as channel:
        return await channel.send(a_notification(id=MESSAGE, provider="webhook", address="+351 900"))


async def test_a_receiver_can_verify_who_sent_it_and_that_it_is_the_same_message_again(tmp_path: Path) -> None:
    async with receiving(OK, OK) as receiver:
        await send(tmp_path, receiver.port)
        await send(tmp_path, receiver.port)

    stamp = str(int(T0.timestamp()))
    digest = hmac.digest(SECRET, b".".join((MESSAGE.encode(), stamp.encode(), receiver.bodies[0])), "sha256")
    assert f"webhook-signature: v1,{base64.b64encode(digest).decode()}\r\n" in receiver.heads[0]
    assert f"webhook-timestamp: {stamp}\r\n" in receiver.heads[0]
    assert f"idempotency-key: {MESSAGE}\r\n" in receiver.heads[0]
    assert receiver.heads[0].startswith("POST /send?x=1 HTTP/1.1\r\n")
    assert receiver.bodies[0] == receiver.bodies[1]
    document = json.loads(receiver.bodies[0])
    assert (document["id"], document["channel"], document["to"]) == (MESSAGE, "sms", "+351 900")
    assert document["text"] == "Welcome, Ana. Your room is ready."


async def test_p37_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with receiving(OK) as inside:
        moved = f"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:{inside.port}/\r\ncontent-length: 0\r\n\r\n"
        async with receiving(moved.encode()) as receiver:
            with pytest.raises(Transient) as refused:
                await send(tmp_path, receiver.port)

    assert refused.value.trouble is Trouble.CREDENTIALS
    assert inside.bodies == []


async def test_p37_a_name_that_changes_its_mind_is_asked_once_and_what_it_said_then_is_where_we_go(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["192.0.2.7"] if len(asked) > 1 else ["127.0.0.1"]

    async with receiving(OK) as receiver:
        where = settings(tmp_path, f"http://rebinding.example:{receiver.port}/")
        channel = WebhookChannel(settings=where, secret=SECRET, tls=None, clock=StillClock(), resolve=rebinding)
        await channel.send(a_notification(id=MESSAGE, provider="webhook"))

    assert asked == ["rebinding.example"]
    assert f"host: rebinding.example:{receiver.port}\r\n" in receiver.heads[0]


async def test_p37_a_private_target_gets_nothing_unless_it_is_allowed(tmp_path: Path) -> None:
    async with receiving(OK) as receiver:
        where = settings(tmp_path, f"https://localhost:{receiver.port}/", allow_private=False)
        async with open_webhook(where, StillClock()) as channel:
            with pytest.raises(Transient) as refused:
                await channel.send(a_notification(provider="webhook"))

    assert refused.value.trouble is Trouble.CREDENTIALS
    assert receiver.heads == []


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 202 Acc", b"HTTP/1.1 202 OK\r\ncontent-length: 9\r\n\r\nhalf", b"\x00\xff\r\n\r\n"]
)
async def test_an_answer_that_breaks_off_is_doubt(tmp_path: Path, said: bytes) -> None:
    async with receiving(said) as receiver:
        with pytest.raises(Doubt):
            await send(tmp_path, receiver.port)


async def test_a_receiver_that_is_not_there_certainly_got_nothing(tmp_path: Path) -> None:
    async with receiving() as receiver:
        pass

    with pytest.raises(Transient) as refused:
        await send(tmp_path, receiver.port)

    assert refused.value.trouble is Trouble.UNREACHABLE


async def test_an_endless_answer_is_cut_short_and_its_status_counts(tmp_path: Path) -> None:
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 200_000
    async with receiving(endless) as receiver:
        accepted = await send(tmp_path, receiver.port)

    assert accepted is not None


@pytest.mark.parametrize(
    ("status", "kind", "trouble"),
    [
        (410, Permanent, Trouble.ADDRESS_GONE),
        (400, Permanent, Trouble.CONTENT),
        (422, Permanent, Trouble.CONTENT),
        (401, Transient, Trouble.CREDENTIALS),
        (404, Transient, Trouble.CREDENTIALS),
        (302, Transient, Trouble.CREDENTIALS),
        (429, Transient, Trouble.THROTTLED),
        (503, Transient, Trouble.UNAVAILABLE),
        (502, Doubt, Trouble.DOUBT),
        (504, Doubt, Trouble.DOUBT),
        (418, Doubt, Trouble.DOUBT),
    ],
)
def test_what_each_status_means(status: int, kind: type[SendFailed], trouble: Trouble) -> None:
    with pytest.raises(kind) as failed:
        answer(status, {"retry-after": "7"}, b"", T0)

    assert failed.value.trouble is trouble


@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example/",
        "ftp://sms.example/",
        "https://",
        "https://user:pw@sms.example/",
        "https://a b/",
        "https://x:y/",
    ],
)
def test_a_url_that_is_no_public_https_is_refused_without_showing_its_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read_url(settings(tmp_path, url, allow_private=False))

    assert "pw" not in str(refused.value)


def test_a_secret_is_sixteen_bytes_at_least_or_base64(tmp_path: Path) -> None:
    where = settings(tmp_path, "https://sms.example/")
    assert read_key(where) == SECRET
    where.secret_file.write_text("whsec_" + base64.b64encode(b"k" * 24).decode() + "\n")
    assert read_key(where) == b"k" * 24
    for wrong in ("short", "whsec_***", "whsec_" + base64.b64encode(b"k").decode()):
        where.secret_file.write_text(wrong)
        with pytest.raises(BadConfig):
            read_key(where)
    with pytest.raises(BadConfig):
        read_key(replace(where, secret_file=tmp_path / "missing"))


async def test_p05_a_message_whose_end_comes_while_the_name_is_looked_up_does_not_leave(tmp_path: Path) -> None:
    async def slow(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(1)
        return ["127.0.0.1"]

    async with receiving(OK) as receiver:
        where = settings(tmp_path, f"http://sms.example:{receiver.port}/send")
        channel = WebhookChannel(settings=where, secret=SECRET, tls=None, clock=StillClock(), resolve=slow)
        with pytest.raises(Transient, match="not resolved in time"):
            await channel.send(a_notification(provider="webhook", expires_at=T0 + timedelta(seconds=0.05)))

    assert receiver.heads == []


async def test_p05_a_connection_is_waited_for_until_the_moment_by_which_it_was_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **_more: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr("hub.channels.http1.asyncio.open_connection", never)
    place = Place(address="127.0.0.1", port=80, host="sms.example", path="/", tls=None)

    with pytest.raises(NotProcessed):
        async with asyncio.timeout(1):  # and not the 2 s that it may otherwise take
            await post(place, {}, b"", by=asyncio.get_running_loop().time() + 0.05)
