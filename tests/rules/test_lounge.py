"""The airport lounge's story: a journey that moves with a flight."""

from __future__ import annotations

from rules.check import check_files
from tests.fakes.stage import Guest

VENUE = """
venue: airport
timezone: Europe/Lisbon
zones:
  lounge: {gateways: [lounge-1]}
  gate: {gateways: [gate-1]}
guest: {flight: "", gate: "", boarding: time, delay_min: 0, walk_min: 10}
channels: [push, sms]
teams: {host: {}}
events: [boarded]
"""
LOUNGE = """
journey: lounge
about: From the lounge door to the gate, without rushing anyone or missing anyone.
start: enter lounge
once: per guest.flight
stop: boarded
goal: enter gate within 4h

steps:
  - when: guest.delay_min >= 30
    tell: host
    text: "{{ guest.first_name }} ({{ guest.tier }}) is {{ guest.delay_min }} min late - offer a shower, then a meal."
  - choose:
      - when: guest.delay_min >= 30
        send: sorry
      - send: hello
  - wait: until guest.boarding - duration('20m')      # moves with the flight
  - when: inside('lounge')
    send: time-to-go

messages:
  hello:
    by: push
    keep: 15m
    en: "Welcome, {{ guest.first_name }}. Gate {{ guest.gate }}; we will call you 20 minutes before boarding."
  sorry:
    purpose: service
    by: [push, sms]
    en: "We are sorry about {{ guest.flight }}. A hot meal and a shower are yours - ask any host."
  time-to-go:
    purpose: service
    by: [push, sms]
    en: "Time to go - gate {{ guest.gate }}, {{ guest.walk_min }} minutes' walk."

examples:
  - guest: {flight: TP1357, boarding: "12:00"}
    events: [10:00 enter lounge, 11:00 set boarding 12:30, 12:20 boarded]
    expect: [10:00 hello, 12:10 time-to-go]
  - guest: {flight: TP1357, boarding: "12:00", delay_min: 45}
    events: [10:00 enter lounge, 11:00 leave lounge, 11:55 boarded]
    expect: [10:00 tell host, 10:00 sorry]
"""
FILES = {"air/venue.yaml": VENUE, "air/journeys/lounge.yaml": LOUNGE}


def test_the_lounge_is_sound_and_both_of_its_examples_pass() -> None:
    checked = check_files(FILES, carried=frozenset({"push", "sms"}))

    assert (checked.faults, checked.warnings) == ((), ())
    assert [each.passed for each in checked.examples] == [True, True]


def test_another_flight_is_another_journey_and_the_same_one_is_not() -> None:
    guest = Guest(check_files(FILES).rulebooks["airport"], flight="TP1")
    guest.does("10:00 enter lounge")
    guest.does("10:05 boarded")
    guest.does("10:10 enter lounge")

    guest.does("11:00 set flight TP2")
    guest.does("11:01 enter lounge")

    assert guest.sent == ["hello", "hello"]


def test_the_staff_read_who_is_late_and_by_how_much() -> None:
    guest = Guest(check_files(FILES).rulebooks["airport"], first_name="Ana", tier="gold", delay_min=45)

    guest.does("10:00 enter lounge")

    told = next(each for each in guest.decisions if each.said == "host")
    assert told.text == "Ana (gold) is 45 min late - offer a shower, then a meal."
