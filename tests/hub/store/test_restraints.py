"""The file beside the database: what it says after a backup, and how far a backup knew it."""

from __future__ import annotations

from pathlib import Path

from hub.store.restraints import Noted, Position, Restraints


def a_file(folder: Path) -> Restraints:
    return Restraints(path=folder / "restraints.jsonl", key=b"k")


def times(file: Restraints, after: Position | None) -> list[int]:
    return [line.at_us for line in Noted(path=file.path, keys=(file.key,)).lines(after)]


def test_what_was_noted_after_a_position_is_found_whatever_the_clock_said(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.erased("ana", 9)
    position = file.settled()
    file.erased("ben", 5)
    file.withdrawn("cleo", "marketing", "email", 7)

    assert times(file, position) == [5, 7]
    assert times(file, None) == [9, 5, 7]


def test_a_file_that_was_not_there_yet_is_known_from_its_beginning(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    position = file.settled()
    file.erased("ana", 1)

    assert times(file, position) == [1]


def test_in_a_file_that_was_begun_anew_all_counts(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.erased("ana", 1)
    position = file.settled()
    file.path.unlink()
    file.erased("ben", 2)
    shorter_or_as_long = times(file, position)
    file.erased("cleo", 3)

    assert shorter_or_as_long == [2]
    assert times(file, position) == [2, 3]


def test_what_is_still_on_its_way_to_the_database_is_not_settled(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.erased("ana", 1)
    with file.under_way():
        file.erased("ben", 2)
        meanwhile = file.settled()

    assert times(file, meanwhile) == [2]
    assert times(file, file.settled()) == []


def test_a_guest_is_known_by_either_key(tmp_path: Path) -> None:
    file, other = a_file(tmp_path), Restraints(path=tmp_path / "restraints.jsonl", key=b"other")
    file.erased("ana", 1)
    other.erased("ben", 2)
    noted = Noted(path=file.path, keys=(b"k", b"other"))

    names = noted.named(["ana", "ben"])

    assert [names[line.guest] for line in noted.lines(None)] == ["ana", "ben"]
