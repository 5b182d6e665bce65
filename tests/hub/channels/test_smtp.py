from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.providers.authority import RelayOptions
from firmware_sim.providers.behaviour import STAGES, Behaviour, Mode
from hub.channels.smtp import Phase, SmtpChannel, answer, open_smtp
from hub.clock import SystemClock
from hub.errors import BadConfig, Doubt, Permanent, SendFailed, Transient, Trouble
from tests.fakes.hub_clock import StillClock
from tests.fakes.notifications import a_notification
from tests.fakes.sim_providers import free_port, simulated

WITH_LOGIN = RelayOptions(login=True)
ANA = a_notification(provider="smtp", address="ana@example.com")


@pytest.mark.parametrize(
    ("phase", "code", "words", "kind", "trouble"),
    [
        (Phase.LOGIN, 535, "5.7.8 bad", Transient, Trouble.CREDENTIALS),
        (Phase.LOGIN, 454, "4.7.0 later", Transient, Trouble.UNAVAILABLE),
        (Phase.MAIL, 421, "busy", Transient, Trouble.UNAVAILABLE),
        (Phase.MAIL, 530, "5.7.0 login first", Transient, Trouble.CREDENTIALS),
        (Phase.MAIL, 550, "5.7.1 not your domain", Transient, Trouble.CREDENTIALS),
        (Phase.MAIL, 552, "5.3.4 too big", Permanent, Trouble.CONTENT),
        (Phase.RCPT, 450, "4.2.1 busy", Transient, Trouble.UNAVAILABLE),
        (Phase.RCPT, 451, "4.7.1 greylisted", Transient, Trouble.UNAVAILABLE),
        (Phase.RCPT, 550, "5.1.1 no such user", Permanent, Trouble.ADDRESS_GONE),
        (Phase.RCPT, 550, "5.2.1 disabled", Permanent, Trouble.ADDRESS_GONE),
        (Phase.RCPT, 553, "no", Permanent, Trouble.ADDRESS_WRONG),
        (Phase.RCPT, 550, "5.4.1 relaying denied", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 554, "5.7.1 relay access denied", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 550, "relay not permitted", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 550, "<ana@guest.example>... Relaying denied", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 550, "authentication required", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 550, "You must log in first", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 553, "that domain isn't in my list of allowed rcpthosts", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 554, "rejected by local policy", Transient, Trouble.CREDENTIALS),
        (Phase.RCPT, 550, "5.1.1 no such user at this relay", Permanent, Trouble.ADDRESS_GONE),
        (Phase.RCPT, 550, "<relay@guest.example>: no such user", Permanent, Trouble.ADDRESS_WRONG),
        (Phase.RCPT, 550, "author unknown", Permanent, Trouble.ADDRESS_WRONG),
        (Phase.DATA, 451, "later", Transient, Trouble.UNAVAILABLE),
        (Phase.DATA, 554, "no", Permanent, Trouble.CONTENT),
        (Phase.CONTENT, 452, "full", Transient, Trouble.UNAVAILABLE),
        (Phase.CONTENT, 552, "too big", Permanent, Trouble.CONTENT),
        (Phase.CONTENT, 554, "spam", Permanent, Trouble.CONTENT),
    ],
)
def test_each_refusal_means_what_its_phase_makes_of_it(
    phase: Phase, code: int, words: str, kind: type[SendFailed], trouble: Trouble
) -> None:
    failed = answer(phase, code, words)

    assert type(failed) is kind
    assert failed.trouble is trouble
    assert getattr(failed, "address_is_dead", False) is (trouble in (Trouble.ADDRESS_GONE, Trouble.ADDRESS_WRONG))


def test_a_mailbox_that_is_full_is_there_all_the_same() -> None:
    failed = answer(Phase.RCPT, 552, "5.2.2 over quota")

    assert (type(failed), failed.trouble) == (Permanent, Trouble.ADDRESS_GONE)
    assert not getattr(failed, "address_is_dead", True)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("code", [450, 550])
@pytest.mark.parametrize("words", ["{} <Ana@Example.com>: greylisted", "{} user ana@example.com is away"])
def test_the_relays_words_are_kept_without_the_address_that_they_quote(phase: Phase, code: int, words: str) -> None:
    failed = answer(phase, code, words.format(f"{code // 100}.2.0"))

    assert str(code) in failed.detail
    assert "example" not in failed.detail.lower()


def test_at_rcpt_no_word_of_the_relay_is_kept_for_it_is_about_the_address() -> None:
    assert answer(Phase.RCPT, 450, "4.2.0 user ana is away").detail == "450 at RCPT"


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_mail_goes_over_each_kind_of_security(tmp_path: Path, security: str) -> None:
    async with (
        simulated(tmp_path, smtp=RelayOptions(security=security)) as sim,
        open_smtp(sim.smtp, SystemClock()) as channel,
    ):
        await channel.send(
            a_notification(
                provider="smtp", address="ana@example.com", body="One\n.two\n", unsubscribe_url="https://h.example/u/1"
            )
        )

        (entry,) = sim.accepted()
    assert (entry["to"], entry["from"], entry["body"]) == ("ana@example.com", "hello@hotel.example", "One\n.two")
    assert entry["list_unsubscribe"] == "<https://h.example/u/1>"


BEFORE_THE_CONTENT = [stage for stage in STAGES if stage != "content"]


async def failure_of(channel: SmtpChannel) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        await channel.send(ANA)
    return failed.value


async def test_a_connection_lost_before_the_content_is_certain_failure(tmp_path: Path) -> None:
    failed = {}
    async with simulated(tmp_path, smtp=WITH_LOGIN) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        for mode, at in product((Mode.CUT, Mode.RESET), BEFORE_THE_CONTENT):
            sim.providers.behave(smtp=Behaviour(mode=mode, at=at))
            failed[mode, at] = await failure_of(channel)

        assert list(sim.accepted_ids()) == []
    assert {type(each) for each in failed.values()} == {Transient}, failed
    assert {each.trouble for each in failed.values()} == {Trouble.UNREACHABLE}, failed


async def test_a_connection_lost_after_the_content_is_doubt(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        for mode, accept in product((Mode.CUT, Mode.RESET), (True, False)):
            sim.providers.behave(smtp=Behaviour(mode=mode, at="content", accept=accept))
            assert isinstance(await failure_of(channel), Doubt)

        assert list(sim.accepted_ids()) == [ANA.id] * 2


async def test_p09_a_relay_that_hangs_or_drips_before_the_content_is_certain_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.channels.smtp.START_WITHIN_S", 0.2)
    failed = {}
    async with simulated(tmp_path, smtp=WITH_LOGIN) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        for mode, at in (*product((Mode.HANG,), BEFORE_THE_CONTENT), (Mode.DRIP, "greeting"), (Mode.DRIP, "data")):
            sim.providers.behave(smtp=Behaviour(mode=mode, at=at, delay_s=0.2))
            failed[mode, at] = await failure_of(channel)

        assert list(sim.accepted_ids()) == []
    assert {type(each) for each in failed.values()} == {Transient}, failed
    assert all("not ready within" in each.detail for each in failed.values()), failed


async def test_p05_a_mail_whose_end_comes_while_its_relay_keeps_it_waiting_does_not_leave(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        for at in ("greeting", "data"):
            sim.providers.behave(smtp=Behaviour(mode=Mode.HANG, at=at))
            with pytest.raises(Transient, match="not ready within"):
                async with asyncio.timeout(2):  # and not the 4 s that it may otherwise take
                    await channel.send(replace(ANA, expires_at=SystemClock().now() + timedelta(seconds=0.2)))

        assert list(sim.accepted_ids()) == []


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.DRIP])
async def test_p09_a_relay_that_hangs_or_drips_after_the_content_is_bounded_by_the_callers_deadline(
    tmp_path: Path, mode: Mode
) -> None:
    async with simulated(tmp_path) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        sim.providers.behave(smtp=Behaviour(mode=mode, at="content", delay_s=0.2))

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await channel.send(ANA)

        assert list(sim.accepted_ids()) == [ANA.id]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_relay_that_wants_a_login_gets_the_one_of_the_password_file(tmp_path: Path, security: str) -> None:
    async with (
        simulated(tmp_path, smtp=RelayOptions(security=security, login=True)) as sim,
        open_smtp(sim.smtp, SystemClock()) as channel,
    ):
        await channel.send(ANA)

        assert sim.smtp.password_file is not None
        assert list(sim.accepted_ids()) == [ANA.id]


@pytest.mark.parametrize("change", [{"password": "wrong\n"}, {"username": "stranger"}, {"username": None}])
async def test_a_relay_that_refuses_the_login_is_ours_to_mend(tmp_path: Path, change: dict[str, str | None]) -> None:
    async with simulated(tmp_path, smtp=WITH_LOGIN) as sim:
        settings = replace(sim.smtp, username=change.get("username", sim.smtp.username))
        if "password" in change:
            (tmp_path / "password").write_text("wrong\n")
            settings = replace(settings, password_file=tmp_path / "password")
        async with open_smtp(settings, SystemClock()) as channel:
            with pytest.raises(Transient) as failed:
                await channel.send(ANA)

        assert list(sim.accepted_ids()) == []
    assert failed.value.trouble is Trouble.CREDENTIALS


REFUSALS: tuple[tuple[dict[str, Any], type[SendFailed], Trouble], ...] = (
    ({"code": 421, "at": "greeting"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 554, "at": "greeting"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 421, "at": "ehlo"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 454, "at": "starttls"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 535, "at": "login"}, Transient, Trouble.CREDENTIALS),
    ({"code": 454, "at": "login"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 550, "at": "mail"}, Transient, Trouble.CREDENTIALS),
    ({"code": 550, "at": "rcpt"}, Permanent, Trouble.ADDRESS_GONE),
    ({"code": 450, "at": "rcpt"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 421, "at": "mail"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 552, "at": "content"}, Permanent, Trouble.CONTENT),
    ({"code": 451, "at": "content"}, Transient, Trouble.UNAVAILABLE),
    ({"code": 554, "at": "data"}, Permanent, Trouble.CONTENT),
)


async def test_each_refusal_of_a_real_relay_is_told_by_its_phase(tmp_path: Path) -> None:
    async with simulated(tmp_path, smtp=WITH_LOGIN) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        for behaviour, kind, trouble in REFUSALS:
            sim.providers.behave(smtp=Behaviour(mode=Mode.REFUSE, **behaviour))
            failed = await failure_of(channel)
            assert (type(failed), failed.trouble) == (kind, trouble), behaviour

        assert list(sim.accepted_ids()) == []


async def test_a_relay_that_is_not_there_is_certain_failure(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim:
        settings = replace(sim.smtp, port=free_port(1))

    async with open_smtp(settings, SystemClock()) as channel:
        with pytest.raises(Transient) as failed:
            await channel.send(ANA)

    assert failed.value.trouble is Trouble.UNREACHABLE


async def test_a_relay_that_offers_no_encryption_gets_no_mail(tmp_path: Path) -> None:
    async with simulated(tmp_path, smtp=RelayOptions(security="none")) as sim:
        async with open_smtp(replace(sim.smtp, security="starttls"), SystemClock()) as channel:
            with pytest.raises(Transient) as failed:
                await channel.send(ANA)

        assert list(sim.accepted_ids()) == []
    assert failed.value.trouble is Trouble.CREDENTIALS


async def test_a_relay_that_takes_no_login_gets_no_mail_from_a_hub_that_has_one(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    async with simulated(tmp_path) as sim:
        settings = replace(sim.smtp, username="hub", password_file=tmp_path / "password")
        async with open_smtp(settings, SystemClock()) as channel:
            with pytest.raises(Transient) as failed:
                await channel.send(ANA)

        assert list(sim.accepted_ids()) == []
    assert failed.value.trouble is Trouble.CREDENTIALS


async def test_a_relay_whose_certificate_is_not_trusted_gets_no_mail(tmp_path: Path) -> None:
    async with simulated(tmp_path) as sim, open_smtp(replace(sim.smtp, ca_file=None), SystemClock()) as channel:
        with pytest.raises(Transient) as failed:
            await channel.send(ANA)

    assert failed.value.trouble is Trouble.UNREACHABLE


async def test_many_mails_at_once_all_arrive_once(tmp_path: Path) -> None:
    mails = [a_notification(provider="smtp", address=f"guest{n}@example.com") for n in range(20)]
    async with simulated(tmp_path) as sim, open_smtp(sim.smtp, SystemClock()) as channel:
        await asyncio.gather(*(channel.send(mail) for mail in mails))

        assert sorted(sim.accepted_ids()) == sorted(mail.id for mail in mails)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"security": "ssl"}, r"\[smtp\] security: found 'ssl'"),
        ({"sender": "nobody"}, r"\[smtp\] sender: found 'nobody'"),
        ({"ca_file": Path("/nowhere/ca.pem")}, r"/nowhere/ca\.pem: cannot be read, no such file"),
    ],
)
async def test_wrong_settings_say_so_in_one_line(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    async with simulated(tmp_path) as sim:
        with pytest.raises(BadConfig, match=words):
            async with open_smtp(replace(sim.smtp, **change), StillClock()):
                pass
