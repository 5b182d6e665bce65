"""An airport lounge: a journey that waits until a time of the guest's, and tells a host."""

from __future__ import annotations

from functools import cache
from typing import Final

from rules.definition import read_journey, read_venue
from rules.rulebook import Rulebook

VENUE: Final = """
venue: airport
timezone: Europe/Lisbon
zones:
  lounge: {gateways: [lounge-1]}
guest: {flight: "", boarding: time, delay_min: 0}
teams: {host: {}}
events: [boarded]
"""
JOURNEY: Final = """
journey: lounge
start: enter lounge
once: per guest.flight
stop: boarded
steps:
  - when: guest.delay_min >= 30
    tell: host
    text: "{{ guest.first_name }} is {{ guest.delay_min }} min late: offer a shower."
  - wait: until guest.boarding - duration('20m')
  - send: time-to-go
messages:
  time-to-go:
    purpose: service
    by: push
    en: "Time to go, {{ guest.first_name }}."
"""


@cache
def the_lounge() -> Rulebook:
    venue = read_venue(VENUE, file="venue.yaml")
    return Rulebook(venue=venue, journeys=(read_journey(JOURNEY, venue, file="lounge.yaml"),))
