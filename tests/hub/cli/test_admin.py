"""The commands that ask a hub: over its socket where one runs, and otherwise of the store, behind the hub's lock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.config.hub_toml import read_config
from hub.store import emptying
from hub.store.lock import hold
from tests.fakes.command import Innkeeper, Said
from tests.fakes.running_hub import VENUE, RunningHub, a_hub, lay_out, until
from tests.fakes.store import a_foreign_read, rows_of

GUESTS = "guest,first_name,last_name,email,member\nana,Ana,Silva,ana@guest.example,yes\nrosa,Rosa,,,no\n"
TAGS = "tag,guest\naltbeacon:{:0>40},ana\n"
STAYS = "guest,id,venue,room,arrival,departure,status\nana,r-1,marlton,204,2026-01-05,2026-01-08,booked\n"


@pytest.fixture
def config(hotel: Path) -> Path:
    return hotel / "hub.toml"


def table(said: Said) -> list[list[str]]:
    return [line.split() for line in said.out.splitlines()]


def test_a_token_is_printed_once_listed_without_its_secret_and_revoked(innkeeper: Innkeeper, config: Path) -> None:
    made = innkeeper("token", "create", "--config", config, "--role", "admin", "--name", "desk")
    listed = innkeeper("token", "list", "--config", config)
    [header, row] = table(listed)
    revoked = innkeeper("token", "revoke", "--config", config, row[0])
    afterwards = innkeeper("token", "list", "--config", config)
    again = innkeeper("token", "revoke", "--config", config, row[0])

    secret = made.out.strip()
    assert (made.code, made.err, made.out.count("\n")) == (0, "", 1)
    assert len(secret) >= 32
    assert header == ["id", "role", "name", "venue", "state"]
    assert row[1:] == ["admin", "desk", "all", "in", "use"]
    assert secret not in listed.out
    assert revoked == (0, f"{row[0]} is revoked\n", "")
    assert table(afterwards)[1][1:] == ["admin", "desk", "all", "revoked"]
    assert (again.code, again.out) == (1, "")
    assert again.err == f"innkeeper: token: found {row[0]}; right would be the id of one that is not revoked\n"
    database = config.parent / "var/innkeeper.db"
    assert all(secret.encode() not in file.read_bytes() for file in database.parent.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--role", "king", "--name", "x"], "invalid value for '--role': 'king' is not one of 'admin'"),
        (["--role", "admin", "--name", " "], "name: found nothing; right would be who will hold the token"),
        (["--role", "admin"], "missing option '--name'"),
        (["--role", "pms", "--name", "x", "--venue", "ritz"], "venue: found ritz; right would be one of marlton"),
        (["--role", "pms", "--name", "x", "--guest", "ana"], "guest: found role pms; right would be app"),
    ],
)
def test_a_token_that_cannot_be_is_refused(innkeeper: Innkeeper, config: Path, words: list[str], told: str) -> None:
    code, out, err = innkeeper("token", "create", "--config", config, *words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_files_are_imported_whole_and_answered_in_counts(innkeeper: Innkeeper, config: Path, tmp_path: Path) -> None:
    said = [imported(innkeeper, config, tmp_path, *each) for each in everything()]

    assert [(one.code, one.err) for one in said] == [(0, "")] * 3
    assert [one.out.startswith(f"{tmp_path}/{kind}.csv: ") for one, (kind, _) in zip(said, everything(), strict=True)]
    database = config.parent / "var/innkeeper.db"
    assert rows_of(database, "SELECT guest, first_name, member FROM guests ORDER BY guest") == [
        ("ana", "Ana", 1),
        ("rosa", "Rosa", 0),
    ]
    assert rows_of(database, "SELECT guest, room FROM reservations") == [("ana", "204")]
    assert rows_of(database, "SELECT guest FROM bindings") == [("ana",)]


def everything() -> list[tuple[str, str]]:
    return [("guests", GUESTS), ("tags", TAGS.format("a1")), ("reservations", STAYS)]


def imported(innkeeper: Innkeeper, config: Path, folder: Path, kind: str, text: str) -> Said:
    file = folder / f"{kind}.csv"
    file.write_text(text)
    return innkeeper("import", kind, "--config", config, file)


@pytest.mark.parametrize(
    ("kind", "text", "place"),
    [
        ("guests", GUESTS.replace("yes", "perhaps"), "guests.csv:2: "),
        ("guests", GUESTS.replace("first_name", "frist_name"), "guests.csv:1: "),
        ("tags", TAGS.replace("altbeacon", "applebeacon"), "tags.csv:2: "),
        ("tags", TAGS, "tags.csv:2: "),  # of a guest whom nobody knows
        ("reservations", STAYS.replace("marlton", "ritz"), "reservations.csv:2: "),
        ("guests", "", "guests.csv"),
    ],
)
def test_a_file_with_a_fault_is_refused_whole(
    innkeeper: Innkeeper, config: Path, tmp_path: Path, kind: str, text: str, place: str
) -> None:
    code, out, err = imported(innkeeper, config, tmp_path, kind, text)

    assert (code, out) == (2, "")
    assert f"{tmp_path}/{place}" in err
    assert "right would be" in err
    assert rows_of(config.parent / "var/innkeeper.db", "SELECT guest FROM guests") == []


def test_a_file_that_cannot_be_read_is_one_line(innkeeper: Innkeeper, config: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("id\nana\xe9\n".encode("latin-1"))

    gone = innkeeper("import", "guests", "--config", config, tmp_path / "gone.csv")
    latin = innkeeper("import", "guests", "--config", config, tmp_path / "latin.csv")

    assert gone == (2, "", f"innkeeper: {tmp_path}/gone.csv: cannot be read: no such file or directory\n")
    assert (latin.code, "UTF-8" in latin.err) == (2, True)


def test_whoever_erases_is_told_that_bytes_are_left_while_somebody_else_reads_the_database(
    innkeeper: Innkeeper, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "PATIENCE_S", 0.1)
    for each in everything():
        imported(innkeeper, config, tmp_path, *each)

    with a_foreign_read(read_config(config).database):
        erased = innkeeper("guest", "erase", "--config", config, "ana")

    assert erased.code == 0
    assert erased.out == (
        "ana is erased; while another process reads the database, bytes of that are left in its log:"
        " the hub empties it afterwards\n"
    )


def test_a_guest_is_exported_and_erased(innkeeper: Innkeeper, config: Path, tmp_path: Path) -> None:
    for each in everything():
        imported(innkeeper, config, tmp_path, *each)

    exported = innkeeper("guest", "export", "--config", config, "ana")
    erased = innkeeper("guest", "erase", "--config", config, "ana")
    afterwards = innkeeper("guest", "export", "--config", config, "ana")

    assert exported.code == 0
    assert "ana@guest.example" in json.dumps(json.loads(exported.out))
    assert erased == (0, "ana is erased\n", "")
    assert afterwards.code == 1
    assert afterwards.err == "innkeeper: guest: found nobody of this id; right would be one who was put before\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["guest", "erase", "nobody"], "guest: found nobody of this id"),
        (["outbox", "show", "m1"], "message: found m1; right would be the id of one in the outbox"),
        (["why", "m1"], "why: found m1; right would be a message, or a guest about whom was decided"),
    ],
)
def test_what_is_not_there_is_one_line(innkeeper: Innkeeper, config: Path, words: list[str], told: str) -> None:
    code, out, err = innkeeper(*words, "--config", config)

    assert (code, out, err.count("\n")) == (1, "", 1)
    assert told in err


def test_gateways_and_messages_are_listed_before_there_are_any(innkeeper: Innkeeper, config: Path) -> None:
    gateways = innkeeper("gateway", "list", "--config", config)
    elsewhere = innkeeper("gateway", "list", "--config", config, "--venue", "ritz")
    messages = innkeeper("outbox", "list", "--config", config, "--state", "SENT")

    assert table(gateways)[0] == ["gateway", "zone", "state", "last", "heard", "scan"]
    assert ["marlton/lobby-1", "lobby", "offline", "never", "-"] in table(gateways)
    assert elsewhere == (0, "there are no gateways\n", "")
    assert messages == (0, "there are no messages\n", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--limit", "0"], "limit: found 0; right would be 1 to 10000"),
        (["--state", "LOST"], "invalid value for '--state': 'LOST' is not one of 'SCHEDULED'"),
    ],
)
def test_a_list_that_cannot_be_is_refused(innkeeper: Innkeeper, config: Path, words: list[str], told: str) -> None:
    code, out, err = innkeeper("outbox", "list", "--config", config, *words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_beside_a_hub_that_does_not_answer_yet_nothing_is_written(innkeeper: Innkeeper, config: Path) -> None:
    with locked(config):
        code, out, err = innkeeper("token", "list", "--config", config)

    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "found in use by process" in err


@contextmanager
def locked(config: Path) -> Iterator[None]:
    with hold(config.parent / "var"):
        yield


async def test_a_running_hub_answers_the_same_as_its_store_does_without_it(
    innkeeper: Innkeeper, tmp_path: Path
) -> None:
    config = lay_out(tmp_path)
    async with a_hub(config, ready=False) as hub:
        await visited(hub)
        [message] = (await hub.ask("outbox list"))["messages"]
        questions = [
            ["token", "list"],
            ["outbox", "list"],
            ["outbox", "list", "--json"],
            ["outbox", "show", message["id"]],
            ["why", message["id"]],
            ["why", "ana"],
            ["gateway", "list"],
            ["guest", "export", "ana"],
        ]
        with_it = [await asyncio.to_thread(innkeeper, *words, "--config", config.file) for words in questions]
    without = [await asyncio.to_thread(innkeeper, *words, "--config", config.file) for words in questions]

    assert [one.code for one in with_it] == [0] * len(questions)
    assert [one.err for one in with_it] == [""] * len(questions)
    assert without == with_it
    shown, why_guest = with_it[3].out, with_it[5].out
    assert shown.startswith(f"room-rates ({message['id']}) of journey welcome to ana\n")
    assert "welcome: sent" in why_guest
    assert with_it[4].out == shown


async def visited(hub: RunningHub) -> None:
    """Ana has come into the lobby, and it was decided what that means."""
    await hub.knows("ana")
    event = {"id": "e-1", "venue": VENUE, "guest": "ana", "kind": "entered", "object": "lobby"}
    answer = await hub.api.post("/v1/events", json=event)
    assert answer.status_code == 202
    await until(lambda: refused(hub), "the message to be refused: there is no key for APNs")


async def refused(hub: RunningHub) -> bool:
    return bool((await hub.ask("outbox list", state="SUPPRESSED"))["messages"])


async def test_what_a_running_hub_refuses_has_the_exit_code_that_it_has_without_one(
    innkeeper: Innkeeper, tmp_path: Path
) -> None:
    config = lay_out(tmp_path)
    wrong = [
        ["token", "create", "--role", "pms", "--name", "x", "--venue", "ritz"],
        ["outbox", "list", "--limit", "0"],
        ["guest", "erase", "nobody"],
    ]
    async with a_hub(config, ready=False):
        with_it = [await asyncio.to_thread(innkeeper, *words, "--config", config.file) for words in wrong]
    without = [await asyncio.to_thread(innkeeper, *words, "--config", config.file) for words in wrong]

    assert [one.code for one in with_it] == [2, 2, 1]
    assert without == with_it
