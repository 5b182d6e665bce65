"""How many mails a second does one core hand to a relay, text and HTML, STARTTLS, a connection each?

Beside it, in the same run, aiosmtplib alone: the same relay, as many at once, plain text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench.endpoints import endpoints

MAILS: Final = 1_000
QUICK: Final = 60


def run(*, quick: bool = False) -> Mapping[str, float]:
    """The figures, by name."""
    mails = QUICK if quick else MAILS
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, endpoints(Path(folder)) as stand:
        for kind, prefix in (("ours-smtp", ""), ("aiosmtplib", "bare_")):
            sent = stand.send(kind, mails, warm=8)
            figures[f"{prefix}mails_per_s"] = round(mails / sent["wall_s"])
            figures[f"{prefix}mails_per_cpu_s"] = round(mails / sent["cpu_s"])
        lines = (stand.folder / "log").read_text(encoding="utf-8").splitlines()
    figures["accepted"] = len(lines) - 2 * 8
    assert figures["accepted"] == 2 * mails
    return figures
