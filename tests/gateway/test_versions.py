"""The versions that we tell are those that are installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from gateway.versions import version_of


@pytest.mark.parametrize("distribution", ["bleak", "innkeeper"])
def test_what_is_installed_has_its_version(distribution: str) -> None:
    assert version_of(distribution) == version(distribution)


def test_what_is_not_installed_has_none() -> None:
    assert version_of("innkeepers-cat") == "unknown"
