"""How does a log line look? One sentence and its fields, for people or as JSON. Standard library alone."""

from __future__ import annotations

import json
import logging
import sys
from typing import Final

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value!s}" for name, value in _fields(record).items())
        line = f"{self.formatTime(record)} {record.levelname.lower()} {record.getMessage()}{fields}"
        return line if record.exc_info is None else f"{line}\n{self.formatException(record.exc_info)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"at": round(record.created, 3), "level": record.levelname.lower(), "event": record.getMessage()}
        trace = {} if record.exc_info is None else {"trace": self.formatException(record.exc_info)}
        return json.dumps({**line, **_fields(record), **trace}, default=str)


def set_up(style: str) -> None:
    """Log to standard error, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("bleak").setLevel(logging.ERROR)  # the watchdog says what it would, once


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}
