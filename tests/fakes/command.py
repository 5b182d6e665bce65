"""`innkeeper …` in the test's own process: its exit code, and what it said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import structlog

from hub.cli.main import run


class Said(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Innkeeper = Callable[..., Said]


@contextmanager
def commands(capsys: pytest.CaptureFixture[str]) -> Iterator[Innkeeper]:
    """Call it with the words of a command line; after each the logs are as they were."""

    def call(*words: object) -> Said:
        handlers = list(logging.getLogger().handlers)
        capsys.readouterr()
        try:
            return Said(run([str(word) for word in words]), *capsys.readouterr())
        finally:
            structlog.reset_defaults()
            logging.getLogger().handlers[:] = handlers

    yield call
