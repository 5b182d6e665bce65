from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_sim.providers.behaviour import Behaviour, Mode
from firmware_sim.providers.reasons import APNS_REASONS
from hub.channels.apns import ApnsChannel, ApnsSettings, answer, open_apns, payload, request_headers
from hub.channels.apns_token import ProviderToken, read_key
from hub.channels.http2.outcome import Response
from hub.clock import SystemClock
from hub.errors import BadConfig, Doubt, Permanent, SendFailed, Transient, Trouble
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.notifications import a_notification
from tests.fakes.sim_providers import simulated


def answered(status: int, reason: str | None = None, **headers: str) -> SendFailed:
    body = json.dumps({"reason": reason, "timestamp": 1767603600000}).encode() if reason else b""
    with pytest.raises(SendFailed) as failed:
        answer(status, {name.replace("_", "-"): text for name, text in headers.items()}, body, T0)
    return failed.value


def test_200_is_accepted_by_the_id_that_apple_echoes() -> None:
    accepted = answer(200, {"apns-id": "EC1BF194"}, b"", T0)

    assert accepted.provider_id == "EC1BF194"


@pytest.mark.parametrize(
    ("status", "reason", "kind", "trouble", "dead"),
    [
        (410, "Unregistered", Permanent, Trouble.ADDRESS_GONE, True),
        (410, "ExpiredToken", Permanent, Trouble.ADDRESS_GONE, True),
        (400, "BadDeviceToken", Permanent, Trouble.ADDRESS_WRONG, True),
        (400, "DeviceTokenNotForTopic", Permanent, Trouble.ADDRESS_WRONG, True),
        (400, "TopicDisallowed", Permanent, Trouble.ADDRESS_WRONG, False),
        (403, "ExpiredProviderToken", Transient, Trouble.CREDENTIALS, False),
        (403, "InvalidProviderToken", Transient, Trouble.CREDENTIALS, False),
        (403, "Forbidden", Transient, Trouble.CREDENTIALS, False),
        (401, None, Transient, Trouble.CREDENTIALS, False),
        (429, "TooManyRequests", Transient, Trouble.THROTTLED, False),
        (429, "TooManyProviderTokenUpdates", Transient, Trouble.THROTTLED, False),
        (500, "InternalServerError", Transient, Trouble.UNAVAILABLE, False),
        (503, "ServiceUnavailable", Transient, Trouble.UNAVAILABLE, False),
        (503, "Shutdown", Transient, Trouble.UNAVAILABLE, False),
        (413, "PayloadTooLarge", Permanent, Trouble.CONTENT, False),
        (400, "BadCollapseId", Permanent, Trouble.CONTENT, False),
        (400, "MissingTopic", Permanent, Trouble.CONTENT, False),
        (400, None, Permanent, Trouble.CONTENT, False),
        (404, "BadPath", Permanent, Trouble.CONTENT, False),
        (405, "MethodNotAllowed", Permanent, Trouble.CONTENT, False),
        (502, None, Doubt, Trouble.DOUBT, False),
        (504, None, Doubt, Trouble.DOUBT, False),
        (202, None, Doubt, Trouble.DOUBT, False),
        (0, None, Doubt, Trouble.DOUBT, False),
    ],
)
def test_each_answer_means_what_the_table_says(
    status: int, reason: str | None, kind: type[SendFailed], trouble: Trouble, *, dead: bool
) -> None:
    failed = answered(status, reason)

    assert type(failed) is kind
    assert failed.trouble is trouble
    assert getattr(failed, "address_is_dead", False) is dead


@pytest.mark.parametrize(("reason", "status"), APNS_REASONS.items())
def test_no_reason_of_apples_is_left_in_doubt(reason: str, status: int) -> None:
    assert not isinstance(answered(status, reason), Doubt)


def test_410_says_since_when_the_address_is_gone() -> None:
    failed = answered(410, "Unregistered")

    assert isinstance(failed, Permanent)
    assert failed.since == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"timestamp": 1e400}', b'{"timestamp": "soon"}', b"\xff"])
def test_410_without_a_readable_time_is_still_gone(body: bytes) -> None:
    with pytest.raises(Permanent) as failed:
        answer(410, {}, body, T0)

    assert failed.value.since is None


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("Mon, 05 Jan 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 05 Jan 2026 08:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, wait: timedelta | None) -> None:
    failed = answered(429, "TooManyRequests", retry_after=text)

    assert isinstance(failed, Transient)
    assert failed.retry_after == wait


def test_p05_headers_are_those_of_a_push_for_now_with_its_end() -> None:
    headers = request_headers(
        a_notification(id="5f0c", expires_at=T0 + timedelta(minutes=15)), topic="com.hotel", token="T"
    )

    assert headers == {
        "authorization": "bearer T",
        "apns-id": "5f0c",
        "apns-topic": "com.hotel",
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": "1767604500",
        "apns-collapse-id": "0123456789abcdef0123456789abcdef",
    }


def test_payload_shows_the_venues_name_over_the_text() -> None:
    body = payload(a_notification(id="5f0c", body="Grüß Gott"))

    assert json.loads(body) == {
        "aps": {"alert": {"title": "The Marlton", "body": "Grüß Gott"}, "sound": "default"},
        "innkeeper": {"journey": "welcome", "id": "5f0c"},
    }


def test_payload_shows_the_texts_own_title_if_it_has_one() -> None:
    body = payload(a_notification(title="Welcome"))

    assert json.loads(body)["aps"]["alert"]["title"] == "Welcome"


def test_payload_of_4096_bytes_goes_and_of_one_more_is_refused_here() -> None:
    empty = len(payload(a_notification(body="x"))) - 1

    assert len(payload(a_notification(body="x" * (4096 - empty)))) == 4096
    with pytest.raises(Permanent, match="4097 bytes") as refused:
        payload(a_notification(body="x" * (4097 - empty)))
    assert refused.value.trouble is Trouble.CONTENT


@pytest.mark.parametrize(
    ("app", "topic"),
    [
        (None, "com.example.innkeeper"),
        ("com.example.innkeeper.spa", "com.example.innkeeper.spa"),
        ("kept before it was checked\r\n", "com.example.innkeeper"),
    ],
)
async def test_the_app_that_the_device_is_registered_from_is_the_topic(
    tmp_path: Path, app: str | None, topic: str
) -> None:
    async with simulated(tmp_path) as sim, open_apns(sim.apns, SystemClock()) as channel:
        await channel.send(a_notification(app=app))

        (entry,) = sim.accepted()
    assert entry["topic"] == topic


class Asked:
    """Where a push went; what is asked is answered with yes."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def post(self, path: str, headers: Mapping[str, str], body: bytes, *, by: float) -> Response:
        del headers, body, by
        self.paths.append(path)
        return Response(status=200, headers={}, body=b"")


async def test_each_device_is_asked_for_in_its_own_environment(tmp_path: Path) -> None:
    live, sandbox = Asked(), Asked()
    async with simulated(tmp_path) as sim:
        token = ProviderToken(key=read_key(sim.apns.key_file), key_id="K", team_id="T", clock=StillClock())
        channel = ApnsChannel(settings=sim.apns, token=token, live=live, sandbox=sandbox, clock=StillClock())  # type: ignore[arg-type]  # what it asks of a client

        for environment, address in (("sandbox", "aa"), ("production", "bb"), (None, "cc")):
            await channel.send(a_notification(environment=environment, address=address))

    assert (sandbox.paths, live.paths) == (["/3/device/aa"], ["/3/device/bb", "/3/device/cc"])


async def test_expired_provider_token_is_signed_again_at_once_and_the_push_goes(tmp_path: Path) -> None:
    notification = a_notification()
    async with simulated(tmp_path) as sim, open_apns(sim.apns, SystemClock()) as channel:
        await channel.send(a_notification())
        sim.providers.behave(apns=Behaviour(mode=Mode.EXPIRE_TOKENS))
        await _next_second()

        await channel.send(notification)

        assert list(sim.accepted_ids())[1:] == [notification.id]


class Stale:
    """Every token is too old; by when each push was to have begun."""

    def __init__(self) -> None:
        self.by: list[float] = []

    async def post(self, path: str, headers: Mapping[str, str], body: bytes, *, by: float) -> Response:
        del path, headers, body
        self.by.append(by)
        return Response(status=403, headers={}, body=b'{"reason":"ExpiredProviderToken"}')


async def test_p39_a_push_that_is_signed_again_has_no_more_time_to_begin_than_the_first(tmp_path: Path) -> None:
    client, begun = Stale(), asyncio.get_running_loop().time()
    async with simulated(tmp_path) as sim:
        token = ProviderToken(key=read_key(sim.apns.key_file), key_id="K", team_id="T", clock=StillClock())
        channel = ApnsChannel(settings=sim.apns, token=token, live=client, sandbox=client, clock=StillClock())  # type: ignore[arg-type]  # what it asks of a client

        with pytest.raises(Transient, match="ExpiredProviderToken"):
            await channel.send(a_notification())

    assert len(client.by) == 2
    assert client.by[0] == client.by[1] < begun + 5


async def test_a_wrong_team_is_told_as_wrong_credentials_and_not_signed_again(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim:
        settings = ApnsSettings(
            endpoint=sim.apns.endpoint,
            team_id="OTHERTEAM1",
            key_id=sim.apns.key_id,
            key_file=sim.apns.key_file,
            topic=sim.apns.topic,
            ca_file=sim.apns.ca_file,
        )
        async with open_apns(settings, SystemClock()) as channel:
            with pytest.raises(Transient, match="InvalidProviderToken") as refused:
                await channel.send(a_notification())

    assert refused.value.trouble is Trouble.CREDENTIALS


async def test_an_address_cannot_change_the_request(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim, open_apns(sim.apns, SystemClock()) as channel:
        with pytest.raises(Permanent, match="BadDeviceToken"):
            await channel.send(a_notification(address="../4/device/x?y\r\nz: ü"))


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "127.0.0.1:1", "https://x/3/device"])
async def test_endpoint_must_be_https(tmp_path: Path, endpoint: str) -> None:
    async with simulated(tmp_path) as sim:
        settings = ApnsSettings(
            endpoint=endpoint, team_id="T", key_id="K", key_file=sim.apns.key_file, topic="t", ca_file=None
        )

        with pytest.raises(BadConfig, match=r"\[apns\] endpoint"):
            async with open_apns(settings, StillClock()):
                pass


async def _next_second() -> None:
    """A token says when it was issued in whole seconds: two of one second are the same."""
    await asyncio.sleep(1.05)
