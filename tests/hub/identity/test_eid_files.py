"""The secrets of rolling beacons, in their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import BadConfig, StoreFailed
from hub.identity.eid import RollingBeacon
from hub.identity.eid_files import EidFiles
from wire.advert.frame import TagId

SPA = TagId("eid:spa-7")
BEACON = RollingBeacon.told(key=bytes(range(16)), exponent=10, count=77, at=1_800_000_000.5)


def test_what_was_saved_is_loaded_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "keys"

    EidFiles(folder).save(SPA, BEACON)

    assert EidFiles(folder).load() == {SPA: BEACON}
    assert [(file.name, file.stat().st_mode & 0o777) for file in folder.iterdir()] == [("eid.spa-7.key", 0o600)]


def test_what_was_removed_is_gone_and_may_be_removed_again(tmp_path: Path) -> None:
    files = EidFiles(tmp_path)
    files.save(SPA, BEACON)

    files.remove(SPA)
    files.remove(SPA)

    assert files.load() == {}


def test_venue_keys_beside_them_are_none(tmp_path: Path) -> None:
    for name in ("marlton.key", "eid.key"):
        (tmp_path / name).write_text("00" * 32)

    assert EidFiles(tmp_path).load() == {}
    assert EidFiles(tmp_path / "nothing").load() == {}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "s3cret",
        '{"key":"s3cret","exponent":10,"low":0,"high":1,"at":1}',
        '{"key":"00","exponent":10,"low":0,"high":1,"at":1}',
        '{"key":"00112233445566778899aabbccddeeff","exponent":16,"low":0,"high":1,"at":1}',
        '{"key":"00112233445566778899aabbccddeeff","exponent":10,"low":2,"high":1,"at":1}',
    ],
)
def test_a_broken_file_is_named_and_its_content_is_not(content: str, tmp_path: Path) -> None:
    (tmp_path / "eid.spa-7.key").write_text(content)

    with pytest.raises(BadConfig, match=r"eid\.spa-7\.key: found no secret") as refused:
        EidFiles(tmp_path).load()
    assert "s3cret" not in str(refused.value)
    assert "0011" not in str(refused.value)


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")

    with pytest.raises(StoreFailed, match=r"eid\.spa-7\.key"):
        EidFiles(tmp_path / "keys").save(SPA, BEACON)
