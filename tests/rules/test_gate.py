"""Every guard before a message, in its order, and what is asked again later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.decision import Kind, Reason
from rules.facts import Facts, Past, Planned
from rules.gate import Hold, Refusal, ask_again
from rules.holdout import from_journey, from_venue
from rules.journey import Mode
from rules.rulebook import Rulebook
from tests.fakes.stage import Guest, a_book, at

POLICY = """
venue: inn
timezone: Europe/Lisbon
zones: {lobby: {}, pool: {}}
guest: {case_open: false}
channels: [push, email]
purposes:
  marketing: {consent: needed, cap: 2 in 24h, quiet: "22:00-08:00"}
hush: guest.case_open
"""
SEND = "steps: [{send: note}]"
BOTH = """
steps: [{send: note}]
messages: {note: {by: [push, email], keep: 12h, en: {subject: "s", body: "b"}}}
"""
SERVICE = """
steps: [{send: note}]
messages: {note: {purpose: service, by: [push, email], en: {subject: "s", body: "b"}}}
"""
NIGHT = "23:00 enter lobby"


def a_guest(text: str = SEND, venue: str = POLICY) -> Guest:
    return Guest(a_book(text, venue=venue))


def a_past(guest: Guest, when: str, *, purpose: str = "marketing", counts: bool = True) -> Past:
    return Past(id=when, at=at(when, guest.book), journey="x", message="x", purpose=purpose, counts=counts)


def refused(guest: Guest) -> tuple[Reason, str]:
    [decision] = [each for each in guest.decisions if each.kind is Kind.REFUSED]
    return decision.reason, decision.text


def test_the_first_guard_that_refuses_is_the_reason() -> None:
    willing = a_guest()
    full = tuple(a_past(willing, when) for when in ("21:00", "22:30"))
    known: dict[str, object] = {"profile": {"case_open": True}, "consents": frozenset(), "past": full}
    reasons = []

    for mended in (None, "profile", "consents", "past"):
        if mended is not None:
            known[mended] = getattr(willing.facts, mended)
        guest = a_guest(BOTH.replace("12h", "1h")).knows(**known)
        guest.does(NIGHT)
        reasons.append(refused(guest)[0])

    assert reasons == [Reason.HUSH, Reason.NO_CONSENT, Reason.CAP, Reason.QUIET_HOURS]


def test_what_a_paused_journey_would_send_waits_until_it_is_resumed_or_not_worth_it_any_more() -> None:
    guest = a_guest("steps: [{wait: 1h}, {send: note}]\nmessages: {note: {by: push, keep: 2h, en: 'x'}}")
    guest.does("09:00 enter lobby")
    resumed = guest.book

    guest.book = Rulebook(venue=guest.book.venue, journeys=guest.book.journeys, paused=frozenset({"walk"}))
    guest.wakes()

    held, planned = guest.decisions[-2], guest.planned[0]
    assert (held.kind, held.reason) == (Kind.HELD, Reason.JOURNEY_PAUSED)
    assert held.text == "note by push, journey paused: it goes when resumed, until 12:00"
    at_11, at_12 = at("11:00", guest.book), at("12:00", guest.book)
    assert isinstance(ask_again(guest.book, planned, guest.facts, at_11), Hold)
    assert ask_again(resumed, planned, guest.facts, at_11) is None
    dropped = ask_again(guest.book, planned, guest.facts, at_12)
    assert dropped == Refusal(reason=Reason.EXPIRED, text="journey paused; not worth sending after 12:00")
    assert isinstance(ask_again(resumed, planned, guest.facts, at_12), Refusal)


def test_a_draining_journey_starts_nothing_and_lets_who_is_in_it_go_on() -> None:
    guest = a_guest("steps: [{wait: 1h}, {send: note}]")
    guest.does("09:00 enter lobby")

    guest.book = Rulebook(venue=guest.book.venue, journeys=guest.book.journeys, draining=frozenset({"walk"}))
    guest.wakes()
    guest.does("11:00 enter lobby")

    assert guest.sent == ["note"]
    assert (guest.last.kind, guest.last.reason) == (Kind.NOT_STARTED, Reason.JOURNEY_DRAINING)


def test_a_journey_that_was_taken_away_sends_nothing() -> None:
    guest = a_guest("steps: [{wait: 1h}, {send: note}]")
    guest.does("09:00 enter lobby")

    guest.book = Rulebook(venue=guest.book.venue, journeys=(), older=guest.book.journeys)
    guest.wakes()

    assert refused(guest) == (Reason.STOPPED, "its journey was taken away")


def test_the_first_channel_with_consent_and_address_is_taken_and_the_others_stand_by() -> None:
    email = frozenset({("marketing", "email")})
    both, without_consent, without_address = a_guest(BOTH), a_guest(BOTH), a_guest(BOTH)

    both.does("09:00 enter lobby")
    without_consent.knows(consents=email).does("09:00 enter lobby")
    without_address.knows(reachable=frozenset({"email"})).does("09:00 enter lobby")

    assert both.planned[0].channels == ("push", "email")
    assert without_consent.planned[0].channels == ("email",)
    assert without_address.planned[0].channels == ("email",)


def test_a_guest_without_an_address_is_told_apart_from_one_without_consent() -> None:
    no_consent, no_address = a_guest(BOTH), a_guest(BOTH)

    no_consent.knows(consents=frozenset()).does("09:00 enter lobby")
    no_address.knows(reachable=frozenset()).does("09:00 enter lobby")

    assert refused(no_consent) == (Reason.NO_CONSENT, "no consent for push or email")
    assert refused(no_address) == (Reason.NO_ADDRESS, "no address for push or email")


def test_what_needs_no_consent_goes_by_no_channel_that_she_refused() -> None:
    push, email = ("service", "push"), ("service", "email")
    unasked, one, both = a_guest(SERVICE), a_guest(SERVICE), a_guest(SERVICE)

    unasked.knows(consents=frozenset(), refused=frozenset({("marketing", "push")})).does("09:00 enter lobby")
    one.knows(refused=frozenset({push})).does("09:00 enter lobby")
    both.knows(refused=frozenset({push, email})).does("09:00 enter lobby")

    assert unasked.planned[0].channels == ("push", "email")
    assert one.planned[0].channels == ("email",)
    assert refused(both) == (Reason.NO_CONSENT, "said no to service by push or email")


def test_a_refusal_after_the_decision_is_obeyed_though_no_consent_is_needed() -> None:
    guest = a_guest(SERVICE)
    guest.does("09:00 enter lobby")
    [planned] = guest.planned

    by_push = planned._replace(channels=("push",))
    known = guest.knows(refused=frozenset({("service", "push")})).facts

    assert ask_again(guest.book, by_push, known, planned.at) == Refusal(
        reason=Reason.NO_CONSENT, text="said no to service by push"
    )
    assert ask_again(guest.book, planned, known, planned.at) is None  # by email it may still go


def test_a_message_without_channels_of_its_own_goes_by_the_one_that_the_guest_prefers() -> None:
    text = 'steps: [{send: note}]\nmessages: {note: {en: {subject: "s", body: "b"}}}'
    guest, stated = a_guest(text), a_guest(text).knows(preferred="email")

    guest.does("09:00 enter lobby")
    stated.does("09:00 enter lobby")

    assert guest.planned[0].channels == ("push", "email")
    assert stated.planned[0].channels == ("email", "push")


@pytest.mark.parametrize(
    ("when", "sent"), [("09:00", False), ("08:59", True)]
)  # the older of two, at 09:00 and 09:30 of the day before
def test_a_cap_counts_a_rolling_span(when: str, *, sent: bool) -> None:
    guest = a_guest()
    guest.knows(past=(a_past(guest, when), a_past(guest, "09:30")))

    guest.does("+1d 08:59 enter lobby")

    assert bool(guest.sent) is sent
    if not sent:
        assert refused(guest) == (Reason.CAP, "2 marketing messages in the last 24h")


def test_a_cap_counts_neither_other_purposes_nor_what_did_not_go() -> None:
    guest = a_guest()
    others = (a_past(guest, "08:00", purpose="service"), a_past(guest, "08:10", counts=False), a_past(guest, "08:20"))

    guest.knows(past=others).does("09:00 enter lobby")

    assert guest.sent == ["note"]


def test_quiet_hours_hold_what_is_worth_keeping_and_drop_the_rest() -> None:
    kept, dropped = a_guest(BOTH), a_guest(BOTH.replace("12h", "8h"))

    kept.does(NIGHT)
    dropped.does(NIGHT)

    held = kept.planned[0]
    assert (held.not_before, held.expires_at) == (at("+1d 08:00", kept.book), at("+1d 20:00", kept.book))
    assert [each.kind for each in kept.decisions] == [Kind.STARTED, Kind.HELD, Kind.ENDED]
    assert refused(dropped) == (Reason.QUIET_HOURS, "quiet hours until 2026-01-06 08:00")


def test_it_is_the_guests_own_night_that_counts() -> None:
    tokyo, nowhere = a_guest(), a_guest()

    tokyo.knows(timezone="Asia/Tokyo").does("14:00 enter lobby")  # 23:00 there
    nowhere.knows(timezone="Nowhere/Atlantis").does("14:00 enter lobby")

    assert tokyo.planned[0].not_before is not None
    assert nowhere.planned[0].not_before is None


def test_of_two_journeys_in_the_same_seconds_the_more_important_one_speaks() -> None:
    texts = [f"journey: {name}\npriority: {priority}\n{SEND}" for name, priority in (("low", 0), ("high", 3))]
    guest = Guest(a_book(*texts, venue=POLICY))

    guest.does("09:00 enter lobby")

    assert [planned.journey for planned in guest.planned] == ["high"]
    assert refused(guest) == (Reason.ARBITRATION, "high had just sent note")


@pytest.mark.parametrize(("seconds", "sent"), [(4, 1), (5, 2)])
def test_of_two_equals_the_first_speaks(seconds: int, sent: int) -> None:
    texts = [f"journey: {name}\nstart: enter {zone}\n{SEND}" for name, zone in (("a", "lobby"), ("b", "pool"))]
    guest = Guest(a_book(*texts, venue=POLICY))

    guest.does("09:00:00 enter lobby")
    guest.does(f"09:00:0{seconds} enter pool")

    assert len(guest.sent) == sent


def test_a_lesser_message_that_has_not_left_is_taken_back() -> None:
    low, high = f"journey: low\n{SEND}", f"journey: high\nstart: enter pool\npriority: 3\n{SEND}"
    guest = Guest(a_book(low, high, venue=POLICY))

    guest.does("09:00:00 enter lobby")
    guest.does("09:00:02 enter pool")

    assert [planned.journey for planned in guest.planned] == ["low", "high"]
    [back] = guest.cancelled
    assert back.message == back.decision.message == guest.planned[0].id
    assert (back.decision.kind, back.decision.reason) == (Kind.TAKEN_BACK, Reason.ARBITRATION)
    assert (back.decision.journey, back.decision.said) == ("low", "note")
    assert back.decision.text == "high sends note, and matters more"


def test_two_lesser_messages_are_taken_back_each_with_a_decision_of_its_own() -> None:
    both = "journey: low\nsteps: [{send: note}, {send: other}]"
    guest = Guest(a_book(both, f"journey: high\nstart: enter pool\npriority: 3\n{SEND}"))
    guest.does("09:00:00 enter lobby")

    guest.does("09:00:02 enter pool")

    assert [each.message for each in guest.cancelled] == [each.id for each in guest.planned[:2]]
    assert len({each.decision.id for each in guest.cancelled}) == 2


def test_a_ghost_is_not_taken_back() -> None:
    low, high = f"journey: low\nmode: shadow\n{SEND}", f"journey: high\nstart: enter pool\npriority: 3\n{SEND}"
    guest = Guest(a_book(low, high, venue=POLICY))
    guest.does("09:00:00 enter lobby")

    guest.does("09:00:02 enter pool")

    assert guest.cancelled == []


def test_a_receipt_neither_waits_nor_counts() -> None:
    texts = [
        f"journey: a\n{SEND}",
        f"journey: b\npurpose: transactional\n{SEND}",
        f"journey: c\nunless: messaged('1h')\nstart: enter pool\n{SEND}",
    ]
    guest = Guest(a_book(*texts, venue=POLICY))

    guest.does("09:00 enter lobby")

    assert [planned.journey for planned in guest.planned] == ["a", "b"]
    alone = Guest(a_book(texts[1], texts[2], venue=POLICY))
    alone.does("09:00 enter lobby")
    alone.does("09:30 enter pool")
    assert [planned.journey for planned in alone.planned] == ["b", "c"]


def test_a_step_sends_once_whatever_is_decided_on_old_facts() -> None:
    guest = a_guest()
    event = guest.event("09:00 enter lobby")
    before = guest.facts
    guest.meets(event)

    guest.knows(runs=before.runs)  # the message is stored, the run is not
    guest.meets(event)

    assert guest.sent == ["note"]
    assert refused(guest) == (Reason.DUPLICATE, "this step has sent its message")


def test_a_guest_who_is_held_out_from_a_journey_gets_a_ghost_of_it() -> None:
    book = a_book(f"holdout: 50%\n{SEND}", venue=POLICY)
    journey = book.journeys[0]
    names = [f"guest-{n}" for n in range(50)]
    out = next(name for name in names if from_journey(journey, name))
    guest = Guest(book).knows(guest=out, holdout_never=False)

    guest.does("09:00 enter lobby")

    assert (guest.sent, guest.planned[0].ghost) == ([], True)
    assert (guest.decisions[1].kind, guest.decisions[1].reason) == (Kind.GHOST_SENT, Reason.JOURNEY_HOLDOUT)
    assert Guest(book).knows(guest=out).does("09:00 enter lobby").planned[0].ghost is False  # holdout: never


def test_a_ghost_is_refused_like_everybody_else() -> None:
    book = a_book(SEND, venue=POLICY + "holdout: 100%\n")
    guest = Guest(book, case_open=True).knows(holdout_never=False)

    guest.does("09:00 enter lobby")

    assert from_venue(book.venue, "ana")
    assert refused(guest)[0] is Reason.HUSH
    assert guest.planned == []


def test_service_messages_go_to_those_who_are_held_out_too() -> None:
    book = a_book(f"purpose: service\n{SEND}", venue=POLICY + "holdout: 100%\n")
    guest = Guest(book, case_open=True).knows(holdout_never=False, consents=frozenset())

    guest.does("23:00 enter lobby")

    assert guest.sent == ["note"]


def test_a_journey_in_shadow_decides_and_keeps_out_of_the_others_way() -> None:
    quietly = f"journey: shadow\nmode: shadow\npriority: 9\nunless: messaged('1h')\n{SEND}"
    live = f"journey: live\nunless: messaged('1h')\n{SEND}"
    guest = Guest(a_book(quietly, live, venue=POLICY))

    guest.does("09:00 enter lobby")
    guest.does("09:30 enter lobby")

    assert [(each.journey, each.ghost) for each in guest.planned] == [("shadow", True), ("live", False)]
    assert guest.decisions[1].reason is Reason.SHADOW


def a_message(*, held: bool = False, text: str = BOTH) -> tuple[Guest, Planned]:
    guest = a_guest(text)
    guest.does(NIGHT if held else "09:00 enter lobby")
    return guest, guest.planned[0]


def test_what_may_still_go_goes() -> None:
    guest, planned = a_message()

    assert ask_again(guest.book, planned, guest.facts, planned.at) is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"consents": frozenset()}, Reason.NO_CONSENT),
        ({"reachable": frozenset()}, Reason.NO_ADDRESS),
        ({"profile": {"case_open": True}}, Reason.HUSH),
    ],
)
def test_consent_address_and_hush_are_asked_again(known: dict[str, object], reason: Reason) -> None:
    guest, planned = a_message()

    answer = ask_again(guest.book, planned, guest.knows(**known).facts, planned.at)

    assert isinstance(answer, Refusal)
    assert answer.reason is reason


def test_a_message_is_not_sent_when_it_is_no_longer_worth_it() -> None:
    guest, planned = a_message()

    answer = ask_again(guest.book, planned, guest.facts, planned.expires_at)

    assert answer == Refusal(reason=Reason.EXPIRED, text="not worth sending after 21:00")
    assert ask_again(guest.book, planned, guest.facts, planned.at + timedelta(hours=11)) is None


def test_a_message_that_meets_the_night_waits_if_it_is_worth_it() -> None:
    guest = a_guest(BOTH.replace("12h", "14h"))
    guest.does("21:00 enter lobby")
    planned = guest.planned[0]

    answer = ask_again(guest.book, planned, guest.facts, at("22:00", guest.book))
    shorter = ask_again(
        guest.book, planned._replace(expires_at=at("23:00", guest.book)), guest.facts, at("22:00", guest.book)
    )

    assert isinstance(answer, Hold)
    assert answer.until == at("+1d 08:00", guest.book)
    assert isinstance(shorter, Refusal)
    assert shorter.reason is Reason.QUIET_HOURS


def test_a_held_message_passes_the_caps_again_and_does_not_count_itself() -> None:
    guest, planned = a_message(held=True)
    release = at("+1d 08:00", guest.book)
    assert ask_again(guest.book, planned, guest.facts, release) is None

    guest.knows(past=(*guest.facts.past, a_past(guest, "23:10"), a_past(guest, "23:20")))
    answer = ask_again(guest.book, planned, guest.facts, release)

    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CAP


@pytest.mark.parametrize(("event", "reason"), [("checked_out", Reason.STOPPED), ("enter pool", None)])
def test_a_held_message_stays_when_its_run_was_stopped(event: str, reason: Reason | None) -> None:
    guest = a_guest(f"stop: checked_out\n{BOTH.replace('[{send: note}]', '[{send: note}, {wait: 20h}]')}")
    guest.does(NIGHT)

    guest.does(f"23:30 {event}")
    answer = ask_again(guest.book, guest.planned[0], guest.facts, at("+1d 08:00", guest.book))

    assert (answer.reason if isinstance(answer, Refusal) else answer) == reason


def test_a_paused_journeys_message_is_asked_about_again_a_minute_later() -> None:
    guest, planned = a_message()
    paused = Rulebook(venue=guest.book.venue, journeys=guest.book.journeys, paused=frozenset({"walk"}))

    answer = ask_again(paused, planned, guest.facts, planned.at)

    assert isinstance(answer, Hold)
    assert answer.until == planned.at + timedelta(minutes=1)


def test_a_held_message_stays_when_its_journey_was_put_in_shadow_meanwhile() -> None:
    guest, planned = a_message(held=True)
    [journey] = guest.book.journeys
    quietly = replace(journey, version="newer", mode=Mode.SHADOW)
    book = Rulebook(venue=guest.book.venue, journeys=(quietly,), older=(journey,))

    answer = ask_again(book, planned, guest.facts, at("+1d 08:00", book))

    assert answer == Refusal(reason=Reason.SHADOW, text="the journey only decides by now")
    assert ask_again(book, planned._replace(ghost=True), guest.facts, at("+1d 08:00", book)) is None


def test_a_held_message_stays_when_its_guest_is_held_out_meanwhile() -> None:
    guest, planned = a_message(held=True)
    book = Rulebook(venue=replace(guest.book.venue, holdout=1.0), journeys=guest.book.journeys)
    drawn = guest.knows(holdout_never=False).facts

    answer = ask_again(book, planned, drawn, at("+1d 08:00", book))

    assert answer == Refusal(reason=Reason.VENUE_HOLDOUT, text="held out by now")


def test_only_the_channels_that_were_decided_are_asked_about() -> None:
    guest, planned = a_message()
    by_push = planned._replace(channels=("push",))

    answer = ask_again(guest.book, by_push, guest.knows(consents=frozenset({("marketing", "email")})).facts, planned.at)

    assert answer == Refusal(reason=Reason.NO_CONSENT, text="no consent for push")


def test_a_message_of_a_journey_that_was_taken_away_stays() -> None:
    guest, planned = a_message()

    answer = ask_again(Rulebook(venue=guest.book.venue, journeys=()), planned, guest.facts, planned.at)

    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.STOPPED


def test_nobody_is_asked_about_what_is_not_known() -> None:
    guest, planned = a_message()

    answer = ask_again(guest.book, planned, Facts(guest="ana", profile={}), planned.at)

    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.NO_CONSENT


@pytest.mark.parametrize(("keep", "held"), [("9h", True), ("539m", False)])
def test_what_is_worth_keeping_to_the_very_end_of_the_night_is_held(keep: str, *, held: bool) -> None:
    guest = a_guest(BOTH.replace("12h", keep))

    guest.does(NIGHT)  # nine hours before its end

    assert bool(guest.planned) is held


def test_a_night_that_ends_when_the_message_expires_ends_too_late() -> None:
    guest, planned = a_message()
    ends = planned._replace(expires_at=at("+1d 08:00", guest.book))

    answer = ask_again(guest.book, ends, guest.facts, at("22:00", guest.book))

    assert isinstance(answer, Refusal)


def test_a_held_message_is_not_one_of_those_that_stand_in_its_way() -> None:
    guest, planned = a_message(held=True)
    guest.knows(past=(*guest.facts.past, a_past(guest, "23:10")))  # the cap is two

    assert ask_again(guest.book, planned, guest.facts, at("+1d 08:00", guest.book)) is None


@pytest.mark.parametrize(("when", "sent"), [("23:30", 1), ("+1d 08:30", 1), ("+1d 09:00", 2)])
def test_a_held_message_counts_from_its_decision_until_long_after_its_release(when: str, sent: int) -> None:
    guest = a_guest(f"unless: messaged('1h')\n{BOTH}")

    guest.does(NIGHT)
    guest.does(f"{when} enter lobby")

    assert len(guest.sent) == sent


def test_a_journey_in_shadow_remembers_what_it_would_have_sent() -> None:
    guest = a_guest(f"mode: shadow\nunless: messaged('1h')\n{SEND}")

    guest.does("09:00 enter lobby")
    guest.does("09:30 enter lobby")
    guest.does("10:00 enter lobby")

    assert [planned.at for planned in guest.planned] == [at("09:00", guest.book), at("10:00", guest.book)]


def test_messages_of_one_event_count_for_each_other() -> None:
    texts = [f"journey: {name}\nunless: messaged('1h')\n{BOTH}" for name in ("a", "b")]
    guest = Guest(a_book(*texts, venue=POLICY))

    guest.does(NIGHT)

    assert [(each.journey, each.kind) for each in guest.decisions] == [
        ("a", Kind.STARTED),
        ("a", Kind.HELD),
        ("a", Kind.ENDED),
        ("b", Kind.NOT_STARTED),
    ]


def test_a_held_message_goes_as_its_own_version_wrote_it_whatever_the_newest_says() -> None:
    old, new = a_guest(BOTH), a_guest("steps: [{send: other}]")
    old.does(NIGHT)
    [planned] = old.planned
    book = Rulebook(venue=old.book.venue, journeys=new.book.journeys, older=old.book.journeys)

    answer = ask_again(book, planned, old.facts, at("+1d 08:00", old.book))
    without = ask_again(new.book, planned, old.facts, at("+1d 08:00", old.book))

    assert answer is None
    assert isinstance(without, Refusal)
    assert without.text == "its message or purpose was taken away"
