"""Files that commands read and write: bad input is one line, and nothing is lost."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

import wire
from hub.cli.files import check_apart, is_stream, lines_of, writing
from hub.errors import BadRequest

ROOT = Path(wire.__file__).parents[1]


def test_what_is_written_is_there_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("before")

    with writing(file) as out:
        out.write("after")
        meanwhile = file.read_text()

    assert (meanwhile, file.read_text()) == ("before", "after")
    assert list(tmp_path.iterdir()) == [file]


def test_who_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("precious")

    def fail() -> None:
        with writing(file) as out:
            out.write("half")
            raise BadRequest("in the middle")

    with pytest.raises(BadRequest, match="in the middle"):
        fail()

    assert file.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link_and_a_mode_stays_the_mode(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)

    with writing(link) as out:
        out.write("after")

    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("after", 0o640)


def test_gz_is_written_and_read(tmp_path: Path) -> None:
    with writing(tmp_path / "out.gz") as out:
        out.write("a\nb\n")

    assert gzip.decompress((tmp_path / "out.gz").read_bytes()) == b"a\nb\n"
    assert list(lines_of(tmp_path / "out.gz")) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("nowhere/out", "no such file or directory"), (".", "is a directory"), ("full/", "is a directory")],
)
def test_what_cannot_be_written_is_told_before_any_work(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "full").mkdir()

    with pytest.raises(BadRequest, match=f"cannot be written: {why}"), writing(tmp_path / name):
        pytest.fail("the work was begun")


def test_a_full_disk_is_one_line() -> None:
    why = "/dev/full: cannot be written: no space left on device"
    with pytest.raises(BadRequest, match=why), writing(Path("/dev/full")) as out:
        out.write("a" * 100_000)
    with pytest.raises(BadRequest, match=why), writing(Path("/dev/full")) as out:
        out.write("little: told when it is closed")


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()

    with writing(pipe) as out:
        out.write("through")
    reader.join(10)

    assert read == ["through"]
    assert is_stream(pipe)


def test_standard_output_goes_on_where_it_is(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from hub.cli.files import writing\n"
        "print('one')\n"
        "with writing(Path('/dev/stdout')) as out: out.write('two\\n')\n"
        "print('three')\n"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True, cwd=ROOT)

    assert (tmp_path / "out").read_text() == "one\ntwo\nthree\n"


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\xef\xbb\xbfa\nb\n")

    assert list(lines_of(tmp_path / "in")) == ["a", "b"]


def test_what_is_no_text_is_one_line(tmp_path: Path) -> None:
    damaged = bytearray(gzip.compress(b"".join(b"%d %d\n" % (i, i * i) for i in range(5000))))
    damaged[500:520] = bytes(byte ^ 0x5A for byte in damaged[500:520])
    files = {"damaged.gz": bytes(damaged), "half.gz": bytes(damaged[:300]), "no.gz": b"text", "binary": b"\xff\xfe\x00"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    for name in (*files, "gone", "."):
        with pytest.raises(BadRequest, match="cannot be read: ") as told:
            list(lines_of(tmp_path / name))
        assert "\n" not in str(told.value)


def test_a_file_that_is_read_is_not_written(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(file)

    check_apart([("--out", tmp_path / "other"), ("--plot", None)], [file, None])
    for written in (file, link, tmp_path / "x" / ".." / "file"):
        with pytest.raises(BadRequest, match=r"--out: found .*; right would be a file of its own"):
            check_apart([("--out", written)], [file])
    with pytest.raises(BadRequest, match="--plot: found"):
        check_apart([("--out", tmp_path / "new"), ("--plot", tmp_path / "new")], [])
    check_apart([("--out", Path("/dev/null")), ("--plot", Path("/dev/null"))], [Path("/dev/null")])
