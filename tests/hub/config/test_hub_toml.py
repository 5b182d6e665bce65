"""hub.toml: what a good one means, and what a bad one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.channel_tables import RateLimit
from hub.config.hub_toml import FaultyConfig, HubConfig, parse_config, read_config

FILE = Path("/etc/innkeeper/hub.toml")
APNS = '[apns]\nteam_id = "T"\nkey_id = "K"\nkey_file = "apns.p8"\ntopic = "com.example"\n'


def parse(text: str) -> HubConfig:
    return parse_config(FILE, text)


def faults(text: str) -> list[str]:
    with pytest.raises(FaultyConfig) as caught:
        parse(text)
    return str(caught.value).splitlines()


def test_empty_file_is_a_hub_on_loopback_with_every_channel_off() -> None:
    config = parse("")

    assert (config.hub.host, config.hub.port, config.hub.shadow) == ("127.0.0.1", 8080, False)
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.tls) == ("127.0.0.1", 1883, False)
    assert config.hub.data_dir == Path("/etc/innkeeper/var")
    assert config.database == Path("/etc/innkeeper/var/innkeeper.db")
    assert config.carries == frozenset()


def test_paths_are_relative_to_the_file_and_four_slashes_are_absolute() -> None:
    config = parse('[hub]\ndata_dir = "data"\n[store]\nurl = "sqlite:////srv/x.db"\n' + APNS)

    assert config.hub.data_dir == Path("/etc/innkeeper/data")
    assert config.database == Path("/srv/x.db")
    assert config.apns is not None
    assert config.apns.key_file == Path("/etc/innkeeper/apns.p8")
    assert config.carries == {"push"}


def test_secret_files_that_are_not_there_yet_are_listed_and_no_fault() -> None:
    config = parse(APNS)

    assert config.missing_files() == (("[apns] key_file", Path("/etc/innkeeper/apns.p8")),)


def test_a_channel_table_that_stands_twice_is_taken_from_where_it_stands_last() -> None:
    config = parse(APNS + '[smtp]\nhost = "a"\nsender = "a@b.example"\n' + APNS.replace('"T"', '"LAST"'))

    assert config.apns is not None
    assert config.apns.team_id == "LAST"
    assert config.smtp is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hub]\nlisen = 1\n", "2:1: [hub] unknown key 'lisen'; did you mean listen?"),
        ("[hub]\n  listen = 8080\n", "2:3: [hub] listen: found 8080; right would be text such as '127.0.0.1:8080'"),
        (
            '[hub]\nlisten = "8080"\n',
            "2:1: [hub] listen: found '8080'; right would be an address and a port such as '127.0.0.1:8080'",
        ),
        ('[hub]\nmode = "dry"\n', '2:1: [hub] mode: found \'dry\'; right would be "live" or "shadow"'),
        ("[mqt]\n", "1:1: unknown table [mqt]; did you mean [mqtt]?"),
        ("[mqtt]\nembedded = 1\n", "2:1: [mqtt] embedded: found 1; right would be true or false"),
        (
            '[mqtt]\nurl = "http://x"\n',
            (
                "2:1: [mqtt] url: found 'http://x'; right would be mqtt://HOST:PORT or mqtts://HOST:PORT, "
                "the user name in its own key"
            ),
        ),
        (
            '[store]\nurl = "mysql://x"\n',
            "2:1: [store] url: found 'mysql://x'; right would be sqlite:///PATH, relative to this file, or sqlite:////PATH",
        ),
        ("[smtp]\nhost = 'x'\n", "1:1: [smtp] sender is missing; right would be The Marlton <hello@marlton.example>"),
        (
            "[smtp]\nhost = 'x'\nsender = 'a@b'\nport = 99999\n",
            "4:1: [smtp] port: found 99999; right would be a whole number from 1 to 65535",
        ),
        ("[hub\n", "1:5: not TOML: expected ']' at the end of a table declaration"),
        ("[hub]\nlisten = \n", "2:10: not TOML: invalid value"),
    ],
)
def test_bad_file_is_told_where_what_and_what_would_be_right(text: str, said: str) -> None:
    assert faults(text) == [f"{FILE}:{said}"]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    assert len(faults("[hub]\nmode = 1\nx = 2\n[store]\nurl = 3\n")) == 3


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FaultyConfig) as caught:
        read_config(tmp_path / "hub.toml")

    assert "cannot be read: no such file or directory" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_hub_is_bound_to_a_core_only_where_the_file_names_one() -> None:
    assert parse("").hub.core is None
    assert parse_config(FILE, "[hub]\ncore = 2\n", cores={0, 2}).hub.core == 2


def test_a_machine_may_sleep_unless_the_file_says_otherwise() -> None:
    assert not parse("").hub.awake
    assert parse("[hub]\nawake = true\n").hub.awake


@pytest.mark.parametrize("found", ["1", "-1", "true", "0.0", "'0'"])
def test_a_core_that_the_hub_may_not_use_is_told_where_and_which_it_may(found: str) -> None:
    with pytest.raises(FaultyConfig) as caught:
        parse_config(FILE, f"[hub]\n core = {found}\n", cores={2, 0})

    right = "right would be a core that this process may use: 0, 2"
    assert str(caught.value).lower() == f"{FILE}:2:2: [hub] core: found {found}; {right}"


def test_another_process_reads_of_a_core_that_it_may_not_use_itself() -> None:
    assert parse("[hub]\ncore = 1023\n").hub.core == 1023
    assert faults("[hub]\ncore = -1\n") == [
        f"{FILE}:2:1: [hub] core: found -1; right would be the number of a core, from 0"
    ]


SMS = '[webhook.sms]\nurl = "https://sms.example/send"\nsecret_file = "sms.secret"\n'


def test_each_webhook_table_is_a_channel_of_its_name() -> None:
    config = parse(SMS + SMS.replace("sms", "desk") + "allow_private = true\n")

    assert config.carries == {"sms", "desk"}
    assert config.webhooks["sms"].secret_file == Path("/etc/innkeeper/sms.secret")
    assert [each.allow_private for each in config.webhooks.values()] == [False, True]
    assert ("[webhook.sms] secret_file", Path("/etc/innkeeper/sms.secret")) in config.missing_files()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMS.replace("https", "http"), "2:1: [webhook.sms] url: found 'http://sms.example/send'; right would be"),
        (
            SMS.replace("webhook.sms", "webhook.push"),
            "1:1: [webhook.push]: found 'push'; right would be a name such as",
        ),
        (SMS.replace("webhook.sms", "webhook.SMS"), "1:1: [webhook.SMS]: found 'SMS'; right would be a name such as"),
        ("[webhook]\nurl = 'x'\n", "2:1: [webhook] url: found 'x'; right would be a table [webhook.url]"),
        (
            SMS + "retries = 3\n",
            "4:1: [webhook.sms] unknown key 'retries'; known: allow_private, burst, rate_per_s, secret_file, url",
        ),
        ("[webhook.sms]\n", "1:1: [webhook.sms] url is missing; right would be https://sms.example.com/send"),
    ],
)
def test_a_webhook_that_is_wrong_is_told_where(text: str, said: str) -> None:
    assert any(said in fault for fault in faults(text)), faults(text)


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ("rate_per_s = 200\n", RateLimit(per_s=200.0, burst=None)),
        ("rate_per_s = 0.5\nburst = 3\n", RateLimit(per_s=0.5, burst=3)),
    ],
)
def test_a_provider_may_have_a_rate(said: str, limit: RateLimit) -> None:
    config = parse(APNS + said + SMS + said)

    assert config.rates == {"apns": limit, "webhook.sms": limit}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("rate_per_s = 0\n", "[apns] rate_per_s: found 0; right would be a number above 0, at most 100000"),
        ("rate_per_s = true\n", "[apns] rate_per_s: found True; right would be a number above 0"),
        ('rate_per_s = "5/s"\n', "[apns] rate_per_s: found '5/s'; right would be a number above 0"),
        ("rate_per_s = 5\nburst = 0\n", "[apns] burst: found 0; right would be a whole number from 1"),
        ("burst = 5\n", "[apns] burst: found 5; right would be rate_per_s beside it"),
    ],
)
def test_a_rate_that_is_none_is_told(said: str, fault: str) -> None:
    assert any(fault in each for each in faults(APNS + said))
