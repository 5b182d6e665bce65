"""What can go wrong in the simulator?

SimError
  - FloorplanFault   a floorplan.yaml that cannot be walked; `file`, `line`
  - BusUnavailable   no private D-Bus could be started
"""

from __future__ import annotations


class SimError(Exception):
    """Any fault of the simulator's own: one line, lower case."""


class FloorplanFault(SimError):
    """A floor plan that cannot be read or walked."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        self.file = file
        self.line = line
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")


class BusUnavailable(SimError):
    """No private D-Bus could be started."""
