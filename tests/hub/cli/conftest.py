"""The command, and a hotel to ask it about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli.init import init
from tests.fakes.command import Innkeeper, commands


@pytest.fixture
def innkeeper(capsys: pytest.CaptureFixture[str]) -> Iterator[Innkeeper]:
    with commands(capsys) as innkeeper:
        yield innkeeper


@pytest.fixture
def hotel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What `innkeeper init hotel` lays out."""
    folder = tmp_path / "hotel"
    init("hotel", folder)
    capsys.readouterr()
    return folder
