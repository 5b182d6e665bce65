"""What a run does between its waits: guards, choices, else, end, tell."""

from __future__ import annotations

from rules.decision import Kind, Reason
from tests.fakes.stage import Guest, a_book, at

TEAM = "venue: inn\ntimezone: UTC\nzones: {lobby: {}, pool: {}}\nguest: {vip: false}\nteams: {desk: {}}\n"


def test_a_step_whose_guard_refuses_is_skipped_with_its_then() -> None:
    guest = Guest(a_book("steps: [{when: guest.vip, send: note, then: [{send: other}]}, {send: third}]"))

    guest.does("09:00 enter lobby")

    assert guest.sent == ["third"]
    refused = guest.decisions[1]
    assert (refused.kind, refused.reason, refused.text) == (Kind.REFUSED, Reason.GUARD, "not vip")
    assert (refused.said, refused.guard, refused.saw) == ("note", "when: guest.vip", {"guest.vip": False})


def test_only_the_first_alternative_that_applies_is_done_and_then_what_follows() -> None:
    text = "steps: [{choose: [{when: guest.vip, send: note}, {send: other}]}, {send: third}]"
    vip, plain = Guest(a_book(text), vip=True), Guest(a_book(text))

    vip.does("09:00 enter lobby")
    plain.does("09:00 enter lobby")

    assert vip.sent == ["note", "third"]
    assert plain.sent == ["other", "third"]


def test_a_choice_in_which_nothing_applies_is_passed_over() -> None:
    guest = Guest(a_book("steps: [{choose: [{when: guest.vip, send: note}]}, {send: other}]"))

    guest.does("09:00 enter lobby")

    assert guest.sent == ["other"]
    passed = guest.decisions[1]
    assert (passed.kind, passed.text, passed.saw) == (
        Kind.MOVED,
        "none of the alternatives applies",
        {"guest.vip": False},
    )


def test_a_wait_inside_an_alternative_goes_on_after_the_choice() -> None:
    text = "steps: [{choose: [{send: note, then: [{wait: 1h}, {send: other}]}]}, {send: third}]"
    guest = Guest(a_book(text))
    guest.does("09:00 enter lobby")

    guest.wakes()

    assert guest.sent == ["note", "other", "third"]
    assert [planned.step for planned in guest.planned] == ["steps.0.choose.0", "steps.0.choose.0.then.1", "steps.1"]


def test_a_wait_that_times_out_leaves_its_own_list_only() -> None:
    text = "steps: [{send: note, then: [{wait: enter pool, within: 1h}, {send: other}]}, {send: third}]"
    guest = Guest(a_book(text))
    guest.does("09:00 enter lobby")

    guest.wakes()

    assert guest.sent == ["note", "third"]


def test_a_refused_message_does_not_stop_the_journey() -> None:
    guest = Guest(a_book("steps: [{send: note, then: [{wait: 1h}]}]")).knows(consents=frozenset())

    guest.does("09:00 enter lobby")

    assert guest.run.live
    assert guest.run.step == "steps.0.then.0"


def test_else_on_a_send_is_done_when_it_is_refused_and_its_list_is_left() -> None:
    guest = Guest(a_book("steps: [{send: note, else: [{wait: 1h}]}, {send: other}]")).knows(consents=frozenset())
    guest.does("09:00 enter lobby")
    assert guest.run.step == "steps.0.else.0"

    guest.wakes()

    assert not guest.run.live
    assert [each.said for each in guest.decisions if each.kind is Kind.REFUSED] == ["note"]


def test_else_without_a_wait_leaves_the_list_too() -> None:
    text = "steps: [{send: note, else: [{send: third}]}, {send: other}]\nmessages:\n  note: {by: push, en: 'x'}\n"
    text += "".join(f"  {name}: {{by: email, en: {{subject: 's', body: 'x'}}}}\n" for name in ("third", "other"))
    guest = Guest(a_book(text)).knows(consents=frozenset({("marketing", "email")}))

    guest.does("09:00 enter lobby")

    assert guest.sent == ["third"]


def test_end_ends_it() -> None:
    guest = Guest(a_book("steps: [{choose: [{when: guest.vip, end: yes}, {send: note}]}, {send: other}]"), vip=True)

    guest.does("09:00 enter lobby")

    assert (guest.sent, guest.run.live, guest.run.ended_why) == ([], False, "done")


def test_the_staff_are_told_in_words() -> None:
    text = "steps: [{tell: desk, text: '{{ guest.first_name }} is in {{ zone.name }}'}]"
    guest = Guest(a_book(text, venue=TEAM), first_name="Ana")

    guest.does("09:00 enter lobby")

    told = guest.decisions[1]
    assert (told.kind, told.said, told.text) == (Kind.TOLD, "desk", "Ana is in lobby")
    assert guest.planned == []


def test_the_staff_are_not_told_what_cannot_be_said() -> None:
    guest = Guest(a_book("steps: [{tell: desk, text: '{{ event.reason }}'}]", venue=TEAM))

    guest.does("09:00 enter lobby")

    assert (guest.decisions[1].kind, guest.decisions[1].reason) == (Kind.REFUSED, Reason.FAULT)


def test_a_message_takes_along_what_its_text_will_want() -> None:
    guest = Guest(a_book("steps: [{wait: enter pool, within: 1h}, {send: note}]"))
    guest.does("09:00 enter lobby")

    guest.does("09:30 enter pool")

    view = guest.planned[0].view
    assert (view["zone.id"], view["event.kind"], view["event.object"]) == ("pool", "entered", "pool")
    assert len(str(view["coupon"])) == 8


def test_a_message_has_the_same_id_however_often_it_is_decided() -> None:
    book = a_book("steps: [{send: note}]")
    first, second = Guest(book), Guest(book)

    first.does("09:00 enter lobby", name="e")
    second.does("09:00 enter lobby", name="e")

    assert first.planned == second.planned
    assert first.planned[0].expires_at == at("+1d 09:00", book)
