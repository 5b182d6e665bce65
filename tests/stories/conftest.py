"""Stories sleep more than they compute: they begin first, so that the other workers have their turn meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONGEST = "test_demo.py"  # a minute and a half: it must not be the last that begins


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (HERE not in item.path.parents, item.path.name != LONGEST))  # stable otherwise
