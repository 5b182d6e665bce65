"""How does the simulator say what it does? Lines on standard error, for people or for programs."""

from __future__ import annotations

import json
import logging


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One object a line."""
        line = {"at": self.formatTime(record), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(line)


def set_up_logs(form: str) -> None:
    """Send lines from warnings on to standard error, as `text` or `json`."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
