"""What a hub asks of the system that runs it."""

from __future__ import annotations

import os

import pytest

from hub.app.interpreter import bind_to
from hub.errors import HubError


def test_a_system_that_binds_no_process_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)

    with pytest.raises(HubError, match=r"^\[hub\] core: found 1, operation not permitted; right would be a service"):
        bind_to(1)
