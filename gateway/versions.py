"""Which version of a library runs? The name of the folder that its installer left tells.

`importlib.metadata` reads the same folder, and brings seventeen modules that stay in memory.
"""

from __future__ import annotations

import sys
from pathlib import Path


def version_of(distribution: str) -> str:
    """The version that is installed, or "unknown"."""
    for folder in sys.path:
        for left in Path(folder or ".").glob(f"{distribution}-*.dist-info"):
            return left.name.removesuffix(".dist-info").partition("-")[2]
    return "unknown"
