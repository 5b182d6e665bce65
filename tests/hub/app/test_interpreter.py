"""What a hub asks of the system that runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.app.interpreter import bind_to, kept_awake
from hub.errors import HubError


def test_a_system_that_binds_no_process_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)

    with pytest.raises(HubError, match=r"^\[hub\] core: found 1, operation not permitted; right would be a service"):
        bind_to(1)


def test_a_machine_is_kept_awake_for_as_long_as_the_word_is_held(tmp_path: Path) -> None:
    device = tmp_path / "cpu_dma_latency"
    device.touch()

    with kept_awake(device):
        assert device.read_bytes() == bytes(4)
        assert str(device) in _open_files()

    assert str(device) not in _open_files()


def _open_files() -> list[str]:
    return [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]


def test_a_system_that_keeps_no_machine_awake_is_told_in_one_line(tmp_path: Path) -> None:
    device = tmp_path / "none"

    with pytest.raises(HubError) as caught, kept_awake(device):
        pass

    right = f"right would be a service that may write to {device}, or no awake"
    assert str(caught.value) == f"[hub] awake: found true, no such file or directory; {right}"
