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
    """Call it with the words of a command line; the logs are put back afterwards."""

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = run([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    handlers = list(logging.getLogger().handlers)
    try:
        yield call
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers[:] = handlers
