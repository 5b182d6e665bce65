from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import StoreFailed, StoreInUse
from hub.store.lock import hold

HOLDER = """
import sys, time
from pathlib import Path
from hub.store.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_hub_is_refused_and_told_which_process_is_at_work(tmp_path: Path) -> None:
    with hold(tmp_path / "var"):
        with pytest.raises(StoreInUse) as raised, hold(tmp_path / "var"):
            pass

        assert str(raised.value) == (
            f"{tmp_path / 'var'}: found in use by process {os.getpid()}; right would be one hub for each data directory"
        )


def test_a_directory_that_was_let_go_is_free_again(tmp_path: Path) -> None:
    with hold(tmp_path / "var"):
        pass
    with hold(tmp_path / "var"):
        pass

    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_hub_of_another_process_keeps_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreInUse, match=f"process {other.pid};"), hold(tmp_path):
            pass

        other.send_signal(signal.SIGKILL)
        other.wait()

        with hold(tmp_path):
            pass


def test_a_directory_whose_disk_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"var: no such file or directory$"), hold(tmp_path / "unmounted" / "var"):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")

    with pytest.raises(StoreFailed, match=r"var: file exists$"), hold(tmp_path / "var"):
        pass
