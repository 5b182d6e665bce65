"""How is a number of the command line read, so that a wrong one is told in one line?"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def a_number(kind: Callable[[str], Number], holds: Callable[[Number], bool], right: str) -> Callable[[str], Number]:
    """What reads one number of this kind, and takes it only where it `holds`; `right` says in words what that is."""

    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not holds(value):
            raise argparse.ArgumentTypeError(f"found {text}; right would be {right}")
        return value

    return read
