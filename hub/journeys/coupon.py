"""What has a guest been given, and has she used it?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rules.ids import COUPON_LENGTH, COUPON_LETTERS

_CODE: Final = re.compile(f"[{COUPON_LETTERS}]{{{COUPON_LENGTH}}}")
_MISREAD: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})  # as they are read out at a counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A single-use code that stood in a message."""

    code: str
    venue: str
    guest: str | None  # None: she was erased
    journey: str
    message: str  # its name in the journey's file
    issued: datetime
    redeemed: datetime | None
    redeemed_by: str | None  # the name of the token


def read_code(text: str) -> str | None:
    """A code as people type it: small letters, spaces and dashes, an O for a 0. None when it is none."""
    code = _meant(text)
    return code if _CODE.fullmatch(code) else None


def shows(text: str, code: str) -> bool:
    """Can whoever reads this text read the code to a till? A text's filters may write it otherwise than we do."""
    return code in _meant(text)


def _meant(text: str) -> str:
    return text.upper().replace(" ", "").replace("-", "").translate(_MISREAD)
