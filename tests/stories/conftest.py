"""The demo takes a minute and a half, nearly all of it asleep: it runs beside the other tests, and is asked last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

SIM = Path(sys.executable).with_name("innkeeper-sim")
DEMO = "test_demo.py"


class Demo(NamedTuple):
    """The demo that is under way, and where it keeps everything."""

    process: subprocess.Popen[str]
    folder: Path


_running = pytest.StashKey[Demo]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == DEMO)  # stable: all others keep their order


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(item.path.name == DEMO for item in session.items):
        return
    keeper = TemporaryDirectory(prefix="innkeeper-demo-test-", ignore_cleanup_errors=True)
    session.config.add_cleanup(keeper.cleanup)
    folder = Path(keeper.name) / "kept"
    command = [SIM, "demo", "--once", "--json", "--keep", folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    session.config.add_cleanup(lambda: _end(process))
    session.config.stash[_running] = Demo(process, folder)


def _end(process: subprocess.Popen[str]) -> None:
    """Whatever made the tests end early: no part of the demo outlives them."""
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=30)


@pytest.fixture(scope="session")
def demo(pytestconfig: pytest.Config) -> Demo:
    return pytestconfig.stash[_running]
