"""What sleeps more than it computes begins first, so that the other workers have their turn meanwhile.

Nor may a long file be the last that begins: one worker would be at it while the others have nothing left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

STORIES: Final = Path(__file__).parent
SOAK: Final = STORIES.parent / "soak"
LONGEST: Final = "test_demo.py"  # a minute and a half


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)  # stable otherwise


def _turn(item: pytest.Item) -> int:
    if item.path == STORIES / LONGEST:
        return 0
    return next((turn for turn, folder in enumerate((STORIES, SOAK), start=1) if folder in item.path.parents), 3)
