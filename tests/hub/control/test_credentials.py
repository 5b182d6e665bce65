"""The broker's files: lines that mosquitto reads, secrets that stand nowhere."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

import wire
from hub.control.credentials import Credentials, HubUser, matches, mosquitto_hash
from tests.fakes.mosquitto import program

OURS = Path(wire.__file__).parents[1] / "deploy" / "mosquitto"
# What mosquitto_passwd 2.0.11 wrote for the password "secret".
THEIRS = (
    "$7$101$MDYq0CfX7kIfht7K$0nAMYS6taE1zIzC707tTPTjD9kAJO+q9D3AJ7NeLnI6A1YSmFIH55y+nqY9xdsR8I/m/j7lxa4aFypTvTjlHVA=="
)


def test_a_hash_is_the_one_that_mosquitto_writes() -> None:
    assert matches("secret", THEIRS)
    assert not matches("secrets", THEIRS)
    assert len(mosquitto_hash("x", salt=bytes(12))) == len(THEIRS)


@pytest.mark.needs("mosquitto_passwd")
def test_a_hash_that_mosquitto_writes_is_ours(tmp_path: Path) -> None:
    file = tmp_path / "passwd"
    subprocess.run([program("mosquitto_passwd"), "-b", "-c", file, "marlton/lobby-1", "a b§c"], check=True)

    assert matches("a b§c", file.read_text().strip().partition(":")[2])


def test_a_secret_is_told_once_and_stands_nowhere(tmp_path: Path) -> None:
    files = Credentials(tmp_path / "mosquitto", HubUser())

    secret = files.make("marlton/lobby-1")

    assert len(secret) == 43
    assert matches(secret, files.users()["marlton/lobby-1"])
    assert all(secret not in file.read_text() for file in (files.passwd, files.acl))
    assert stat.S_IMODE(files.passwd.stat().st_mode) & 0o007 == 0


def test_rotating_changes_one_line_and_removing_takes_it(tmp_path: Path) -> None:
    files = Credentials(tmp_path, HubUser())
    first, other = files.make("marlton/lobby-1"), files.make("marlton/bar-1")

    second = files.make("marlton/lobby-1")

    assert first != second
    assert not matches(first, files.users()["marlton/lobby-1"])
    assert matches(other, files.users()["marlton/bar-1"])
    assert files.remove("marlton/lobby-1")
    assert not files.remove("marlton/lobby-1")
    assert set(files.users()) == {"marlton/bar-1"}


def test_the_hub_has_its_line_where_its_password_is_known(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hub-secret\n")
    files = Credentials(tmp_path, HubUser(name="house", password_file=password))

    files.make("marlton/lobby-1")
    before = files.users()["house"]
    files.make("marlton/bar-1")

    assert matches("hub-secret", before)
    assert files.users()["house"] == before
    assert "user house\n" in files.acl.read_text()


def test_the_acl_is_the_one_that_is_deployed(tmp_path: Path) -> None:
    files = Credentials(tmp_path, HubUser())

    files.make("marlton/lobby-1")

    assert files.acl.read_text() == (OURS / "acl").read_text()


def test_whoever_was_revoked_is_denied_every_topic_until_it_is_added_again(tmp_path: Path) -> None:
    files = Credentials(tmp_path, HubUser())
    files.make("marlton/lobby-1")

    files.remove("marlton/lobby-1")
    files.remove("marlton/bar-1")  # it came with a certificate, and never had a password
    denied = files.acl.read_text()
    files.make("marlton/lobby-1")

    assert "user marlton/lobby-1\ntopic deny ik/1/#\n" in denied
    assert "user marlton/bar-1\ntopic deny ik/1/#\n" in denied
    assert files.revoked() == {"marlton/bar-1"}
    assert "pattern read ik/1/%u/config" in denied
