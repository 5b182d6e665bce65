"""The file: bounded, exact about what it gives up, whole after a kill, and of use on a full disk."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

import wire
from gateway.errors import SpoolBroken
from gateway.held import Held, Now
from gateway.spool import Work, Written
from gateway.spool_file import NAME, SpoolFile
from gateway.window import Sighting
from wire.mqtt.messages import Ack
from wire.pseudonym import Pseudonym

NOW = Now(1000.0, 1.7e9, wall_ok=True)
MIB = 1 << 20


def rows(count: int = 20, at: float = 900.0) -> list[Sighting]:
    return [
        Sighting(
            Pseudonym(f"{seed * 7919 % 10**12:012d}abcd"), at - 0.5 - seed % 7 / 10, at, 3, -70.5 - seed % 9, -66, -71
        )
        for seed in range(count)
    ]


def a_batch(seq: int, *, bucket: int = 0, epoch: str = "e", count: int = 20) -> Held:
    return Held(epoch, bucket, seq, rows(count), 900.25)


def work(*batches: Held, stored: Ack | None = None, pressing: bool = False) -> Work:
    seqs = {held.bucket: held.seq + 1 for held in batches}
    acks = {} if stored is None else {(stored.epoch, stored.bucket): stored}
    return Work(batches=batches, stored=acks, next_seq=seqs, lost=0, pressing=pressing)


def a_file(folder: Path, *, max_bytes: int = 64 * MIB) -> SpoolFile:
    file = SpoolFile(folder, max_bytes=max_bytes)
    file.open("boot")
    file.begin("e")
    return file


def test_what_was_written_is_read_back_in_order_of_age(tmp_path: Path) -> None:
    file = a_file(tmp_path)

    done = file.do(work(a_batch(1), a_batch(2), a_batch(1, bucket=7)), NOW)

    assert (len(done.batches), done.dropped, done.fault) == (3, [], "")
    found = file.oldest(0, 10)
    assert [(one.bucket, one.seq) for one in found] == [(0, 1), (0, 2), (7, 1)]
    assert (found[0].epoch, found[0].boot, found[0].made_ms) == ("e", "boot", 900_250)
    assert found[0].wall_ms == round((1.7e9 - 99.75) * 1000)
    assert [one.seq for one in file.oldest(found[0].id, 1)] == [2]
    file.close()


def test_what_the_hub_has_is_deleted(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.do(work(*(a_batch(seq) for seq in range(1, 11))), NOW)

    file.do(work(stored=Ack(epoch="e", bucket=0, upto=3, also=((6, 8),))), NOW)

    assert [one.seq for one in file.oldest(0, 20)] == [4, 5, 9, 10]
    file.close()


def test_a_good_end_is_known_by_the_next_run(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.do(work(a_batch(41), a_batch(42)), NOW)
    file.close(work())

    found = SpoolFile(tmp_path, max_bytes=MIB).open("boot")

    assert (found.epoch, found.clean, found.next_seq, found.newest_ms) == ("e", True, {0: 43}, {"boot": 900_250})
    assert {key: len(seqs) for key, seqs in found.on_disk.items()} == {("e", 0): 2}


def test_without_a_good_end_the_next_run_knows_that_it_does_not_know(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.do(work(a_batch(41)), NOW)
    file.close()

    found = SpoolFile(tmp_path, max_bytes=MIB).open("boot")

    assert (found.epoch, found.clean) == ("e", False)


def test_full_it_gives_up_its_oldest_and_says_which(tmp_path: Path) -> None:
    file = a_file(tmp_path, max_bytes=MIB)
    written, dropped = 0, []

    for start in range(1, 3001, 100):
        done = file.do(work(*(a_batch(seq) for seq in range(start, start + 100))), NOW)
        assert done.fault == ""
        assert done.bytes <= MIB
        written += len(done.batches)
        dropped += done.dropped

    left = [one.seq for one in file.oldest(0, 10_000)]
    assert written == 3000
    assert [one.seq for one in dropped] == list(range(1, 3001 - len(left)))
    assert left == list(range(3001 - len(left), 3001))
    assert len(left) > 1000
    file.close()


def test_full_it_still_forgets_what_the_hub_has(tmp_path: Path) -> None:
    file = a_file(tmp_path, max_bytes=MIB)
    seqs, dropped = itertools.count(1), []
    while not dropped:
        dropped += file.do(work(*(a_batch(next(seqs)) for _ in range(100))), NOW).dropped

    done = file.do(work(stored=Ack(epoch="e", bucket=0, upto=10**9)), NOW)

    assert (done.deleted, done.fault) == (True, "")
    assert file.oldest(0, 10) == []
    assert done.bytes < MIB / 2
    file.close()


def test_a_day_of_twenty_restless_tags_fits(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    sample = 2000  # of the 86,400 windows of a day

    before = file.bytes()
    done: Written | None = None
    for start in range(1, sample + 1, 500):
        done = file.do(work(*(a_batch(seq) for seq in range(start, start + 500))), NOW)

    assert done is not None
    assert (done.bytes - before) * 86_400 / sample < 52 * MIB
    file.close()


def test_two_daemons_cannot_share_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_file(tmp_path)
    connect = __import__("sqlite3").connect
    monkeypatch.setattr("sqlite3.connect", lambda *args, **more: connect(*args, **{**more, "timeout": 0.1}))

    with pytest.raises(SpoolBroken, match="locked"):
        SpoolFile(tmp_path, max_bytes=MIB).open("boot")

    file.close()


def test_a_broken_one_is_put_aside_and_a_new_one_made(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a database, but long enough to be taken for one" * 100)

    found = SpoolFile(tmp_path, max_bytes=MIB).open("boot")

    assert found.epoch == ""
    assert (tmp_path / f"broken-{NAME}").read_bytes().startswith(b"not a database")


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")

    with pytest.raises(SpoolBroken, match="right would be a disk to write on") as caught:
        SpoolFile(tmp_path / "in-the-way" / "deeper", max_bytes=MIB).open("boot")

    assert "\n" not in str(caught.value)


FULL_DISK = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.gateway.test_spool_file import Ack, NOW, a_batch, a_file, work
folder = Path(sys.argv[1])
file = a_file(folder, max_bytes=64 << 20)
def write(first, last, **more):
    return file.do(work(*(a_batch(seq) for seq in range(first, last)), **more), NOW)
kept = write(1, 300)
assert not kept.fault and len(kept.batches) == 299, kept.fault
with open(folder / "somebody-elses", "wb", 0) as glutton:   # the disk fills up
    try:
        while True: glutton.write(bytes(4096))
    except OSError: pass
refused = write(300, 2000)
assert refused.fault and not refused.dropped, (refused.fault, refused.dropped)
seq = 300 + len(refused.batches)
dropped = []                                                   # memory runs short: the oldest give way to the new
for _ in range(200):
    pressed = write(seq, seq + 100, pressing=True)
    seq += len(pressed.batches)
    dropped += pressed.dropped
    if len(dropped) >= 200: break
assert not pressed.fault and len(dropped) >= 200, (pressed.fault, len(dropped))
assert [one.seq for one in dropped] == list(range(1, len(dropped) + 1))
gone = file.do(work(stored=Ack(epoch="e", bucket=0, upto=seq - 300)), NOW)  # and deleting works
assert gone.deleted and not gone.fault, gone.fault
assert all(one.seq > seq - 300 for one in file.oldest(0, 10_000))
os.unlink(folder / "somebody-elses")
after = write(50000, 50400)
assert not after.fault and len(after.batches) == 400
file.close(work())
print("ok")
"""


@pytest.mark.needs("unshare")
def test_on_a_full_disk_deleting_works_and_nothing_is_given_up_before_it_must(tmp_path: Path) -> None:
    root = Path(wire.__file__).parents[1]
    script = f"mount -t tmpfs -o size=6m none {tmp_path} && exec {sys.executable} -c '{FULL_DISK}' {tmp_path} {root}"

    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )

    if "unshare" in ran.stderr or "mount" in ran.stderr:
        pytest.skip(f"this machine lets nobody mount: {ran.stderr.strip()}")
    assert ran.stdout.strip() == "ok", ran.stderr[-2000:]
