"""Every slip in what is newer in the language is answered with its line, its column, and what would be right."""

from __future__ import annotations

import contextlib
import time

import pytest

from rules.definition import Faulty, read_journey, read_venue
from rules.document import LARGEST
from rules.expression import LONGEST, Failed, answer, read_expression, sample_context
from tests.fakes.stage import marlton_files

TEAMS = ("events: [purchase, checked_out]", "events: [purchase, checked_out]\nteams: {desk: {escalate: boss}}")
FIELDS = ("case_open: false", "case_open: false\n  seen: time\n  points: 0")

# What stands in the file, what an author writes instead, and what is said, to the letter.
JOURNEY: list[tuple[str, str, list[str], str]] = [
    (
        "start: enter lobby",
        "start: every day",
        ["welcome.yaml:3:8: start 'every day' is not a time of day; write every day 17:00"],
        "",
    ),
    (
        "start: enter lobby",
        "start: quiet lobby 10m",
        ["welcome.yaml:3:8: start 'quiet lobby 10m': is a wait; write wait: quiet ZONE 10m"],
        "",
    ),
    ("start: enter lobby", "start: opened", ["welcome.yaml:3:8: start 'opened': write opened MESSAGE"], ""),
    (
        "start: enter lobby",
        "start: acked desk",
        ["welcome.yaml:3:8: start 'acked desk': a task is awaited by `tell` with `within:`"],
        "",
    ),
    ("start: enter lobby", "start: set case_open", ["welcome.yaml:3:8: start 'set case_open': cannot be awaited"], ""),
    (
        "start: enter lobby",
        "start: entered lobby",
        ["welcome.yaml:3:8: start 'entered lobby': cannot be awaited"],
        "did you mean `enter`?",
    ),
    (
        "stop: checked_out",
        "stop: every day 17:00",
        ["welcome.yaml:5:7: stop 'every day 17:00': only a journey's start comes every day"],
        "",
    ),
    (
        "stop: checked_out",
        "stop: [checked_out, chekced_out]",
        [
            (
                "welcome.yaml:5:21: stop 'chekced_out': nobody posts 'chekced_out'; known: enter, leave, "
                "dwell, opened, clicked, purchase, checked_out"
            )
        ],
        "did you mean `checked_out`?",
    ),
    (
        "- wait: enter restaurant",
        "- wait: quiet restaurnt 10m",
        [
            ("welcome.yaml:17:25: unknown zone 'restaurnt'; known: lobby, restaurant, pool, gym, floor-1, floor-2"),
            ("welcome.yaml:18:21: `within` belongs to a wait for an event; 'quiet restaurnt 10m' always comes"),
        ],
        "did you mean `restaurant`?",
    ),
    (
        "- wait: enter restaurant\n            within: 4h               # after the welcome",
        "- wait: quiet restaurant ten",
        ["welcome.yaml:17:19: quiet 'ten' is not a span of time; write 45s, 15m, 4h or 2d"],
        "",
    ),
    (
        "- wait: enter restaurant",
        "- wait: quiet restaurant 10m",
        [("welcome.yaml:18:21: `within` belongs to a wait for an event; 'quiet restaurant 10m' always comes")],
        "",
    ),
    (
        "- wait: enter restaurant\n            within: 4h               # after the welcome",
        "- wait: quiet restaurant",
        ["welcome.yaml:17:19: 'quiet restaurant' is not a wait; write quiet ZONE 10m"],
        "",
    ),
    (
        "- wait: enter restaurant\n            within: 4h               # after the welcome",
        "- wait: until noon",
        ["welcome.yaml:17:25: unknown name 'noon'; a condition sees guest.NAME and functions"],
        "",
    ),
    (
        "holdout: 10%",
        "holdout: 10% epoch",
        [("welcome.yaml:7:10: holdout '10% epoch' is not a share; write 10%, or 10% epoch 2 to draw others")],
        "",
    ),
    (
        "      - send: welcome\n",
        '      - tell: dsk\n        text: "x"\n',
        ["welcome.yaml:15:15: unknown team 'dsk'; known: boss, desk"],
        "did you mean `desk`?",
    ),
    ("      - send: welcome\n", "      - tell: desk\n", ["welcome.yaml:15:15: `tell` needs a `text:`"], ""),
    (
        "          - send: meal-discount",
        "          - end: no",
        ["welcome.yaml:19:18: `end` takes nothing; write `end: yes`, or `- end`"],
        "",
    ),
    (
        "          - send: meal-discount",
        "          - end: [yes]",
        ["welcome.yaml:19:18: `end` takes nothing; write `end: yes`, or `- end`"],
        "",
    ),
    (
        "      - send: welcome\n",
        '      - tell: desk\n        text: "x"\n        else: [{send: welcome}]\n',
        ["welcome.yaml:17:9: `else` of a tell is for when nobody acknowledges; write `within:` too"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - tell: desk\n        text: hello #1\n",
        ["welcome.yaml:16:15: text must be in quotes; without them ` #` would cut it"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - set: {member: yes}\n",
        [("welcome.yaml:15:15: 'member' is told by other systems; a journey may set: case_open, seen, points")],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - set: {case_opn: yes}\n",
        ["welcome.yaml:15:15: unknown field 'case_opn'; a journey may set: case_open, seen, points"],
        "did you mean `case_open`?",
    ),
    (
        "      - send: welcome\n",
        "      - set: {case_open: perhaps}\n",
        ["welcome.yaml:15:26: guest field 'case_open': 'perhaps' is neither yes nor no"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - set: {points: many}\n",
        ["welcome.yaml:15:23: guest field 'points': 'many' is no int"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - set: {seen: 12:00}\n",
        ["welcome.yaml:15:21: guest field 'seen' is a time; write seen: now"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - set: {}\n",
        ["welcome.yaml:15:14: set: nothing to set; write {FIELD: VALUE}"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - emit: enter lobby\n",
        [("welcome.yaml:15:15: emit 'enter lobby': where a guest is, only a gateway says; write KIND, or KIND OBJECT")],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - emit: opened welcome\n",
        ["welcome.yaml:15:15: emit 'opened welcome': only the hub says that"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - emit: purchse\n",
        [
            (
                "welcome.yaml:15:15: emit 'purchse': nobody posts 'purchse'; known: enter, leave, dwell, "
                "opened, clicked, purchase, checked_out"
            )
        ],
        "did you mean `purchase`?",
    ),
    (
        "      - send: welcome\n",
        "      - split: 150%\n",
        ["welcome.yaml:15:16: split '150%' is not a share; write 50%, or NAME 50%"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - split: Offer 50%\n",
        ["welcome.yaml:15:16: split 'Offer 50%' is not a share; write 50%, or NAME 50%"],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - set: {points: 1}\n        else: [{send: welcome}]\n",
        [("welcome.yaml:16:9: `else` does not belong to `set`; it belongs to send, tell, wait and split")],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - when: guest.member\n        unless: guest.member\n        send: welcome\n",
        [
            ("welcome.yaml:15:9: this alternative can never be reached: alternative 1 applies before it"),
            "welcome.yaml:15:15: this step can never be reached: `when` and `unless` ask the same",
        ],
        "",
    ),
    (
        "      - send: welcome\n",
        "      - when: 1 > 2\n        send: welcome\n",
        ["welcome.yaml:15:15: this step can never be reached: `when: 1 > 2` never lets anyone pass"],
        "",
    ),
    (
        "      - unless: guest.reservation\n        send: room-rates\n",
        "      - unless: guest.member\n        send: room-rates\n",
        [("welcome.yaml:13:9: this alternative can never be reached: alternative 1 applies before it")],
        "",
    ),
    (
        "messages:\n",
        "  - end\n  - send: welcome\nmessages:\n",
        ["welcome.yaml:22:5: this step can never be reached: the run has ended before it"],
        "",
    ),
    (
        "messages:\n",
        "  - choose: [{when: guest.member, end: yes}, {end: yes}]\n  - send: welcome\nmessages:\n",
        ["welcome.yaml:22:5: this step can never be reached: the run has ended before it"],
        "",
    ),
    (
        "expect: [09:00 room-rates]",
        "expect: [09:00 tell dsk]",
        ["welcome.yaml:52:14: unknown team 'dsk'; known: boss, desk"],
        "did you mean `desk`?",
    ),
    (
        "expect: [09:00 room-rates]",
        "expect: [09:00 set case_opn yes]",
        ["welcome.yaml:52:14: 'set case_opn yes' is nothing to expect; write set FIELD VALUE"],
        "",
    ),
    (
        "events: [09:00 enter lobby]\n    expect: [09:00 room-rates]",
        "events: [09:00 entr lobby]\n    expect: [09:00 room-rates]",
        [("welcome.yaml:51:14: 'entr lobby': nobody posts 'entr'; known: enter, leave, dwell, purchase, checked_out")],
        "did you mean `enter`?",
    ),
    (
        "  - guest: {member: yes}\n    events: [09:00 enter lobby]\n    expect: [09:00 room-rates]",
        (
            "  - guest: {member: yes}\n    events: [09:00 enter lobby]\n    expect: [09:00 room-rates]\n"
            "  - guest: {member: yes}\n    events: [09:00 enter lobby]\n    expect: []"
        ),
        ["welcome.yaml:53:5: example 3 contradicts example 2: the same guest and events"],
        "example 2 stands in line 50",
    ),
    (
        "  - guest: {member: yes}\n    events: [09:00 enter lobby]\n    expect: [09:00 room-rates]",
        (
            "  - guest: {member: yes}\n    split: {offer: left}\n    events: [09:00 enter lobby]\n    ex"
            "pect: [09:00 room-rates]"
        ),
        ["welcome.yaml:51:20: unknown way of a split 'left'; known: else, then"],
        "",
    ),
    (
        "{{ link.join }} and",
        "{{ link.resum }} and",
        ["welcome.yaml:26:66: unknown field 'link.resum'; known: join, resume, unsubscribe"],
        "did you mean `resume`?",
    ),
    (
        "unless: messaged('24h')  ",
        'unless: "[1,2].exists(a, [1].exists(b, [1].exists(c, true)))"  ',
        ["welcome.yaml:4:50: macros nested deeper than 2"],
        "",
    ),
    (
        "unless: messaged('24h')  ",
        (
            "unless: guest.member || guest.member || guest.member || guest.member || guest.member || "
            "guest.member || guest.member || guest.member || guest.member || guest.member || guest.me"
            "mber || guest.member || guest.member || guest.member || guest.member || guest.member || "
            "guest.member || guest.member || guest.member || guest.member || guest.member || guest.me"
            "mber || guest.member || guest.member || guest.member || guest.member || guest.member || "
            "guest.member || guest.member || guest.member || guest.member || guest.member || guest.me"
            "mber || guest.member || guest.member || guest.member || guest.member || guest.member || "
            "guest.member || guest.member || guest.member"
        ),
        ["welcome.yaml:4:9: condition of 652 characters; at most 500"],
        "",
    ),
    ("stop: checked_out", "stop: *x", ["welcome.yaml:5:7: alias '*x'; write it out"], ""),
    ("stop: checked_out", "{a: b}: checked_out", ["welcome.yaml:5:1: a key must be a plain word"], ""),
    (
        "about: Greet guests in the lobby",
        "about: Greet: guests in the lobby",
        ["welcome.yaml:2:13: cannot be read as YAML: mapping values are not allowed here"],
        "a text with `: ` in it stands in quotes",
    ),
    (
        "journey: welcome",
        "on: welcome",
        [
            (
                "welcome.yaml:1:1: unknown key 'on' in a journey file; known: journey, about, start, when"
                ", unless, once, stop, goal, holdout, priority, purpose, mode, steps, messages, examples"
            ),
            "welcome.yaml:1:1: a journey file has no 'journey'",
        ],
        "did you mean `once`?",
    ),
    (
        "  - choose: ",
        "  - choose: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        ["welcome.yaml:10:35: nested deeper than 24"],
        "",
    ),
]

VENUE: list[tuple[str, str, list[str], str]] = [
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {rate: {get: 'ftp://x', default: {tonight: 189}}}",
        ["venue.yaml:31:23: get 'ftp://x' is not an address: https://…"],
        "",
    ),
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {rate: {get: 'https://x.example'}}",
        ["venue.yaml:31:17: source 'rate' has no 'default'; it stands in when nobody answers"],
        "",
    ),
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {rate: {get: 'https://x.example', timeout: 1m, default: {tonight: 189}}}",
        ["venue.yaml:31:53: timeout '1m' is too long; at most 10s"],
        "",
    ),
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {rate: {table: {tonight: 189}, ttl: 5m}}",
        ["venue.yaml:31:46: source 'rate': `ttl` belongs to an address, not to a table"],
        "",
    ),
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {rate: {table: {stale: 189}}}",
        ["venue.yaml:31:26: 'stale' is what every source says of itself; choose another name"],
        "",
    ),
    (
        "sources: {rate: {table: {tonight: 189}}}",
        "sources: {guest: {table: {tonight: 189}}}",
        [
            (
                "venue.yaml:31:11: source 'guest' must be small letters, digits and '_', and none of: gue"
                "st, venue, zone, event, link, coupon, now"
            )
        ],
        "",
    ),
    (
        "events: [purchase, checked_out]",
        "teams: {desk: {escalate: desk}}",
        ["venue.yaml:32:26: team 'desk' escalates to itself"],
        "",
    ),
    (
        "events: [purchase, checked_out]",
        "teams: {desk: {bye: webhook:x}}",
        ["venue.yaml:32:16: unknown key 'bye' in a team; known: by, escalate"],
        "did you mean `by`?",
    ),
    (
        "events: [purchase, checked_out]",
        "events: [purchase, entered, set]",
        [
            "venue.yaml:32:20: event 'entered' is made by the hub itself; leave it out",
            "venue.yaml:32:29: event 'set' is made by the hub itself; leave it out",
        ],
        "",
    ),
    (
        "holdout: 5%",
        "holdout: 5% epoch two words",
        [("venue.yaml:28:10: holdout '5% epoch two words' is not a share; write 10%, or 10% epoch 2 to draw others")],
        "",
    ),
    (
        'join: "https://marlton.example/club"',
        'unsubscribe: "https://x.example"',
        ["venue.yaml:30:9: link 'unsubscribe' is made by the hub; choose another name"],
        "",
    ),
]


@pytest.mark.parametrize(("before", "after", "faults", "hint"), JOURNEY)
def test_a_slip_in_a_journey_is_named(before: str, after: str, faults: list[str], hint: str) -> None:
    files = marlton_files()
    venue = read_venue(files["marlton/venue.yaml"].replace(*TEAMS).replace(*FIELDS), file="venue.yaml")
    text = files["marlton/journeys/welcome.yaml"]
    assert before in text

    with pytest.raises(Faulty) as caught:
        read_journey(text.replace(before, after, 1), venue, file="welcome.yaml")

    assert [str(fault) for fault in caught.value.faults] == faults
    assert hint in [fault.hint for fault in caught.value.faults] + [""]


@pytest.mark.parametrize(("before", "after", "faults", "hint"), VENUE)
def test_a_slip_in_a_venue_is_named(before: str, after: str, faults: list[str], hint: str) -> None:
    text = marlton_files()["marlton/venue.yaml"]
    assert before in text

    with pytest.raises(Faulty) as caught:
        read_venue(text.replace(before, after, 1), file="venue.yaml")

    assert [str(fault) for fault in caught.value.faults] == faults
    assert hint in [fault.hint for fault in caught.value.faults] + [""]


def test_a_hundred_megabytes_are_refused_before_they_are_looked_at() -> None:
    huge = "a: [" + "x, " * 33_000_000 + "x]"
    begun = time.process_time()

    with pytest.raises(Faulty) as caught:
        read_venue(huge, file="venue.yaml")

    assert str(caught.value) == f"venue.yaml:1:1: {len(huge)} characters; at most {LARGEST}"
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize(
    "source",
    [
        f"[{', '.join(['1'] * 70)}].all(x, [{', '.join(['1'] * 60)}].all(y, x == y))",
        "guest.tier.matches('(a+)+(a+)+(a+)+(a+)+$')",
        f"[{', '.join(['1'] * 100)}].map(x, x * 2).map(x, x * 2).map(x, x * 2).exists(x, x > 100)",
        "+".join(["guest.points"] * 35) + " > 3",
        "!" * 100 + "guest.member",
    ],
)
def test_whatever_is_let_in_is_answered_at_once(source: str) -> None:
    assert len(source) <= LONGEST
    expression = read_expression(source, ("tier", "points", "member"))
    context = sample_context({"tier": "a" * 200 + "b", "points": 1, "member": True})
    begun = time.process_time()

    with contextlib.suppress(Failed):
        answer(expression, context)

    assert time.process_time() - begun < 0.1
