"""Every slip of an author is answered with its line, its column, what was found and what would be right."""

from __future__ import annotations

import pytest

from rules.definition import Faulty, read_journey, read_venue
from tests.fakes.stage import marlton_files

# What stands in the hotel's file, what an author writes instead, and what is said, to the letter.
WELCOME: list[tuple[str, str, list[str], str]] = [
    (
        "start: enter lobby",
        "start: enter loby",
        [("welcome.yaml:3:14: unknown zone 'loby'; known: lobby, restaurant, pool, gym, floor-1, floor-2")],
        "did you mean `lobby`?",
    ),
    (
        "start: enter lobby",
        "strat: enter lobby",
        [
            "welcome.yaml:1:1: a journey file has no 'start'",
            (
                "welcome.yaml:3:1: unknown key 'strat' in a journey file; known: journey, about, start, whe"
                "n, unless, once, stop, goal, holdout, priority, purpose, mode, steps, messages, examples"
            ),
        ],
        "",
    ),
    (
        "start: enter lobby",
        "start: every day 5pm",
        ["welcome.yaml:3:8: start 'every day 5pm' is not a time of day; write every day 17:00"],
        "",
    ),
    (
        "start: enter lobby",
        "start: dwell lobby 7m",
        ["welcome.yaml:3:8: zone 'lobby' tells no dwell of 7m; told: 5m"],
        "add it to the zone's `dwell:`",
    ),
    (
        "start: enter lobby",
        "start: purchas restaurant",
        [
            (
                "welcome.yaml:3:8: start 'purchas restaurant': nobody posts 'purchas'; known: enter, leave,"
                " dwell, opened, clicked, purchase, checked_out"
            )
        ],
        "did you mean `purchase`?",
    ),
    (
        "messaged('24h')  ",
        "messaged('24 hours')",
        ["welcome.yaml:4:9: messaged(): '24 hours' is not a span of time; write 45s, 15m, 4h or 2d"],
        "",
    ),
    (
        "messaged('24h')  ",
        "messaged('60d')  ",
        ["welcome.yaml:4:9: messaged(): '60d' looks back too far; at most 31d"],
        "`once: per 60d` looks back a year",
    ),
    (
        "messaged('24h')  ",
        "mesaged('24h')  ",
        [
            (
                "welcome.yaml:4:9: unknown function 'mesaged'; known: messaged, visits, inside, count, firs"
                "t, local_hour, duration, timestamp, size, int, double, string"
            )
        ],
        "did you mean `messaged`?",
    ),
    (
        "messaged('24h')  ",
        "messaged(guest.tier)",
        ["welcome.yaml:4:9: messaged() takes texts that are written out: messaged('…')"],
        "",
    ),
    (
        "- unless: guest.member",
        "- unless: guest.membr",
        [
            (
                "welcome.yaml:11:23: unknown field 'guest.membr'; known: arrival, case_open, departure, fir"
                "st_name, in_house, language, last_name, member, reservation, room, tier"
            )
        ],
        "did you mean `member`?",
    ),
    (
        "- unless: guest.member",
        "- unless: member",
        ["welcome.yaml:11:17: unknown name 'member'; a condition sees guest.NAME and functions"],
        "did you mean `guest.member`?",
    ),
    (
        "- unless: guest.member",
        "- unless: guest['member']",
        ["welcome.yaml:11:22: indexing with [ ] is not allowed; a field is written guest.NAME"],
        "",
    ),
    (
        "- unless: guest.member",
        "- unless: guest.tier",
        ["welcome.yaml:11:17: 'guest.tier' is not true or false"],
        "",
    ),
    (
        "- unless: guest.member",
        "- unless: guest.member &&",
        ["welcome.yaml:11:32: cannot be read as a condition: mismatched input '<EOF>'"],
        "",
    ),
    (
        "- unless: guest.member",
        "- unless: guest.member > 3",
        [
            (
                "welcome.yaml:11:17: 'guest.member > 3' cannot be answered: No such overload: the operation"
                " is not defined for the given operand types"
            )
        ],
        "",
    ),
    (
        "send: join-the-club",
        "send: join-the-clb",
        [
            (
                "welcome.yaml:12:15: unknown message 'join-the-clb'; known: join-the-club, meal-discount, r"
                "oom-rates, welcome"
            )
        ],
        "did you mean `join-the-club`?",
    ),
    (
        "- send: welcome",
        "- split: welcome",
        ["welcome.yaml:15:16: split 'welcome' is not a share; write 50%, or NAME 50%"],
        "",
    ),
    (
        "within: 4h ",
        "within: 4 hours ",
        ["welcome.yaml:18:21: within '4 hours' is not a span of time; write 45s, 15m, 4h or 2d"],
        "",
    ),
    (
        "            within: 4h               # after the welcome\n",
        "",
        ["welcome.yaml:17:19: a wait for an event needs `within:`; nobody waits for ever"],
        "",
    ),
    (
        "by: email",
        "by: sms",
        ["welcome.yaml:23:9: unknown channel 'sms'; known: email, push"],
        "",
    ),
    (
        "keep: 15m                        # not",
        "keep: soon                        # not",
        ["welcome.yaml:32:11: keep 'soon' is not a span of time; write 45s, 15m, 4h or 2d"],
        "",
    ),
    (
        "holdout: 10%",
        "holdout: 0.1",
        ["welcome.yaml:7:10: holdout '0.1' is not a share; write 10%, or 10% epoch 2 to draw others"],
        "",
    ),
    (
        "goal: purchase restaurant within 24h",
        "goal: purchase restaurant within a day",
        [
            (
                "welcome.yaml:6:7: goal 'purchase restaurant within a day': 'a day' is not a span of time; "
                "write 45s, 15m, 4h or 2d"
            )
        ],
        "",
    ),
    (
        '"Welcome back, {{ guest.first_name }}. Room',
        '"Welcome back, {{ guest.frst_name }}. Room',
        [
            (
                "welcome.yaml:38:27: unknown field 'guest.frst_name'; known: arrival, case_open, departure,"
                " first_name, in_house, language, last_name, member, reservation, room, tier"
            )
        ],
        "did you mean `first_name`?",
    ),
    (
        '"Welcome back, {{ guest.first_name }}. Room',
        '"Welcome back, {{ guest.first_name | upper }}. Room',
        [
            (
                "welcome.yaml:38:46: unknown filter 'upper'; known: at_least, at_most, capitalize, date, de"
                "fault, divided_by, downcase, escape, first, join, last, minus, money, number, plus, round,"
                " size, strip, time, times, truncate, truncatewords, upcase"
            )
        ],
        "",
    ),
    (
        '"Welcome back, {{ guest.first_name }}. Room',
        '"Welcome back, {{ guest.first_name . Room',
        ["welcome.yaml:38:51: cannot be read as a text: unexpected '{'"],
        "",
    ),
    (
        'en: "Welcome back, {{ guest.first_name }}. Room {{ guest.room }} is ready for you."',
        "en: Welcome back",
        [("welcome.yaml:38:9: message 'welcome' in 'en' must be in quotes; without them ` #` would cut it")],
        "",
    ),
    (
        '    pt: "Uma mesa e 20% de desconto. Mostre à entrada: {{ coupon }}"\n',
        "",
        ["welcome.yaml:40:3: message 'meal-discount' has no text in 'pt'; the venue speaks en, pt"],
        "",
    ),
    (
        '    by: email\n    en:\n      subject: "Breakfast',
        '    by: email\n    en:\n      subjct: "Breakfast',
        [
            ("welcome.yaml:25:7: unknown key 'subjct' in message 'join-the-club' in 'en'; known: subject, body"),
            "welcome.yaml:25:7: message 'join-the-club' in 'en' has no 'subject'",
        ],
        "",
    ),
    (
        "expect: [09:00 room-rates]",
        "expect: [09:00 rom-rates]",
        [("welcome.yaml:52:14: unknown message 'rom-rates'; known: join-the-club, meal-discount, room-rates, welcome")],
        "did you mean `room-rates`?",
    ),
    (
        "events: [09:00 enter lobby]\n    expect: [09:00 room",
        "events: [9am enter lobby]\n    expect: [09:00 room",
        [
            (
                "welcome.yaml:51:14: event '9am enter lobby' has no time; write 09:00 enter lobby, or +1d 0"
                "8:59 enter lobby"
            )
        ],
        "",
    ),
    (
        "guest: {member: no}",
        "guest: {member: maybe}",
        ["welcome.yaml:47:21: guest field 'member': 'maybe' is neither yes nor no"],
        "",
    ),
    (
        "guest: {member: no}",
        "guest: {memeber: no}",
        [
            (
                "welcome.yaml:47:13: unknown field 'memeber'; known: arrival, case_open, departure, first_n"
                "ame, in_house, language, last_name, member, reservation, room, tier"
            )
        ],
        "did you mean `member`?",
    ),
    (
        "stop: checked_out",
        "stop: &x checked_out",
        ["welcome.yaml:5:7: anchor '&x'; write it out where it is used"],
        "",
    ),
    (
        "stop: checked_out",
        "stop: !!str checked_out",
        ["welcome.yaml:5:7: tag 'tag:yaml.org,2002:str'; values have no tags here"],
        "",
    ),
    (
        "stop: checked_out",
        "stop: checked_out\nstop: checked_out",
        ["welcome.yaml:6:1: 'stop' stands here twice; first in line 5"],
        "",
    ),
    (
        "stop: checked_out",
        "once: sometimes",
        [
            (
                "welcome.yaml:5:7: once 'sometimes' is not known; write ever, per visit, per day, per 24h o"
                "r per guest.NAME"
            )
        ],
        "",
    ),
    (
        "stop: checked_out",
        "mode: off",
        ["welcome.yaml:5:7: unknown mode 'off'; known: live, shadow"],
        "",
    ),
    (
        "stop: checked_out",
        "priority: high",
        ["welcome.yaml:5:11: priority 'high' is not a whole number"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - send: welcome\n        else: [{send: welcome}]\n        within: 3h\n",
        ["welcome.yaml:17:9: `within` does not belong to `send`; it belongs to tell and wait"],
        "",
    ),
    (
        "      - unless: guest.reservation\n",
        "      - end\n      - unless: guest.reservation\n",
        ["welcome.yaml:14:9: this alternative can never be reached: the one before it always applies"],
        "",
    ),
    (
        "{{ rate.tonight | money }}. Tap",
        "{{ rate.tonigt | money }}. Tap",
        ["welcome.yaml:33:41: unknown field 'rate.tonigt'; known: stale, tonight"],
        "did you mean `tonight`?",
    ),
    (
        "{{ link.join }} and",
        "{{ link.jion }} and",
        ["welcome.yaml:26:66: unknown field 'link.jion'; known: join, resume, unsubscribe"],
        "did you mean `join`?",
    ),
    (
        "stop: checked_out",
        "stop: checked_out\n\tgoal: x",
        [
            (
                "welcome.yaml:6:1: cannot be read as YAML: while scanning for the next token found characte"
                "r '\\t' that cannot start any token"
            )
        ],
        "",
    ),
]

VENUE: list[tuple[str, str, list[str], str]] = [
    (
        "timezone: Europe/Lisbon",
        "timezone: Lisbon",
        ["venue.yaml:4:11: unknown timezone 'Lisbon'; write an IANA name: Europe/Lisbon"],
        "",
    ),
    (
        "timezone: Europe/Lisbon\n",
        "",
        ["venue.yaml:2:1: a venue file has no 'timezone'"],
        "",
    ),
    (
        "cap: 3 in 24h",
        "cap: three",
        ["venue.yaml:24:41: cap 'three' is not a cap; write 3 in 24h, or none"],
        "",
    ),
    (
        "cap: 3 in 24h",
        "cap: 1 in 60d",
        ["venue.yaml:24:41: cap '1 in 60d' looks back too far; at most 31d"],
        "",
    ),
    (
        'quiet: "22:00-08:00"',
        "quiet: night",
        ["venue.yaml:24:58: quiet 'night' is not a part of the day; write '22:00-08:00', or none"],
        "",
    ),
    (
        "hush: guest.case_open",
        "hush: guest.case_opn",
        [
            (
                "venue.yaml:27:13: unknown field 'guest.case_opn'; known: arrival, case_open, departure, fi"
                "rst_name, in_house, language, last_name, member, reservation, room, tier"
            )
        ],
        "did you mean `case_open`?",
    ),
    (
        "holdout: 5%",
        "holdout: 500%",
        ["venue.yaml:28:10: holdout '500%' is not a share; write 10%, or 10% epoch 2 to draw others"],
        "",
    ),
    (
        "gateways: [pool-1]",
        "gateways: [lobby-1]",
        ["venue.yaml:11:47: gateway 'lobby-1' is in the zone 'lobby' already"],
        "",
    ),
    (
        "currency: EUR",
        "currency: euro",
        ["venue.yaml:6:11: currency 'euro' is not three capital letters: EUR"],
        "",
    ),
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {rate: {url: 'http://x'}}",
        [
            "venue.yaml:31:17: source 'rate' has either a table or an address: {table: …} or {get: https://…}",
            "venue.yaml:31:18: unknown key 'url' in a source; known: table, get, timeout, ttl, default",
        ],
        "",
    ),
    (
        "member: false",
        "member: 7",
        ["venue.yaml:18:11: guest field 'member' is bool everywhere, not int"],
        "",
    ),
    (
        "consent: needed",
        "consent: maybe",
        ["venue.yaml:24:28: unknown consent 'maybe'; known: needed, none"],
        "",
    ),
    (
        'join: "https://marlton.example/club"',
        "join: club",
        ["venue.yaml:30:15: link 'club' is not an address: https://…"],
        "",
    ),
    (
        "zones:\n",
        "zoness:\n",
        [
            "venue.yaml:2:1: a venue file has no 'zones'",
            (
                "venue.yaml:8:1: unknown key 'zoness' in a venue file; known: venue, name, timezone, langua"
                "ges, currency, zones, guest, channels, purposes, hush, holdout, links, sources, teams, eve"
                "nts, references, offsets"
            ),
        ],
        "",
    ),
    (
        "channels: [push, email] ",
        "channels: {push: 1} ",
        ["venue.yaml:22:11: channels must be a list"],
        "",
    ),
    (
        "languages: [en, pt]",
        "languages: [english]",
        ["venue.yaml:5:13: language 'english' is not a language: en, pt or pt-BR"],
        "",
    ),
    (
        "  lobby: ",
        "  Lobby: ",
        ["venue.yaml:9:3: zone 'Lobby' must be small letters, digits, '-' and '_', at most 64"],
        "",
    ),
    (
        "  lobby: ",
        "  either-one: {either: [lobby]}\n  lobby: ",
        ["venue.yaml:9:24: either: at least two zones that cannot be told apart"],
        "",
    ),
    (
        "  lobby: ",
        "  either-one: {either: [lobby, restaurnt]}\n  lobby: ",
        ["venue.yaml:9:32: unknown zone 'restaurnt'; known: floor-1, floor-2, gym, lobby, pool, restaurant"],
        "did you mean `restaurant`?",
    ),
    (
        "  lobby: ",
        "  either-one: {either: [lobby, restaurant], gateways: [x-1]}\n  lobby: ",
        ["venue.yaml:9:55: zone 'either-one' is one of others; its gateways are theirs"],
        "",
    ),
    (
        "  lobby: ",
        "  either-one: {either: [lobby, restaurant], beacons: 'altbeacon:00'}\n  lobby: ",
        ["venue.yaml:9:54: zone 'either-one' is one of others; its beacons are theirs"],
        "",
    ),
    (
        "events: [purchase, checked_out]",
        "offsets: {lobby-1: 6, lobby-2: 6, pool-1: loud, gym-1: 99}",
        [
            (
                "venue.yaml:32:23: unknown gateway 'lobby-2'; known: floor-1-1, floor-2-1, gym-1, lobby-1, pool-1, rest"
                "aurant-1"
            ),
            "venue.yaml:32:43: offset 'loud' is not a whole number of dB, at most 30 up or down",
            "venue.yaml:32:56: offset '99' is not a whole number of dB, at most 30 up or down",
        ],
        "did you mean `lobby-1`?",
    ),
    (
        "events: [purchase, checked_out]",
        "references: {lamp: {zone: roof}}",
        [
            "venue.yaml:32:20: a reference has no 'tag'",
            "venue.yaml:32:27: unknown zone 'roof'; known: floor-1, floor-2, gym, lobby, pool, restaurant",
        ],
        "",
    ),
    (
        "events: [purchase, checked_out]",
        "teams: {desk: {by: webhook}}",
        ["venue.yaml:32:20: by 'webhook' is not a channel for the staff: webhook:NAME"],
        "",
    ),
]


@pytest.mark.parametrize(("before", "after", "faults", "hint"), WELCOME)
def test_a_slip_in_a_journey_is_named(before: str, after: str, faults: list[str], hint: str) -> None:
    files = marlton_files()
    venue = read_venue(files["marlton/venue.yaml"], file="venue.yaml")
    text = files["marlton/journeys/welcome.yaml"].replace(before, after, 1)

    with pytest.raises(Faulty) as caught:
        read_journey(text, venue, file="welcome.yaml")

    assert [str(fault) for fault in caught.value.faults] == faults
    assert hint in [fault.hint for fault in caught.value.faults] + [""]


@pytest.mark.parametrize(("before", "after", "faults", "hint"), VENUE)
def test_a_slip_in_a_venue_is_named(before: str, after: str, faults: list[str], hint: str) -> None:
    text = marlton_files()["marlton/venue.yaml"].replace(before, after, 1)

    with pytest.raises(Faulty) as caught:
        read_venue(text, file="venue.yaml")

    assert [str(fault) for fault in caught.value.faults] == faults
    assert hint in [fault.hint for fault in caught.value.faults] + [""]


def test_all_faults_of_a_file_are_named_at_once() -> None:
    files = marlton_files()
    venue = read_venue(files["marlton/venue.yaml"], file="venue.yaml")
    text = files["marlton/journeys/welcome.yaml"].replace("enter lobby\n", "enter loby\n", 1).replace("15m", "soon")

    with pytest.raises(Faulty) as caught:
        read_journey(text, venue, file="welcome.yaml")

    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(3, 14), (32, 11), (37, 11)]
