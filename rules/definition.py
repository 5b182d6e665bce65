"""From a file's text to what it means: a venue, or a journey of a venue. The door to the rooms behind it."""

from __future__ import annotations

from rules.fault import Fault, Faulty
from rules.read_journey import read_journey
from rules.read_venue import read_venue

__all__ = ["Fault", "Faulty", "read_journey", "read_venue"]
