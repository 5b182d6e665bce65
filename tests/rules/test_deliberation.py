"""What is noted becomes a decision, each word in its place."""

from __future__ import annotations

from rules.decision import Kind, Reason
from rules.deliberation import Deliberation, Note
from rules.examples import willing_guest
from tests.fakes.stage import a_book, at


def test_a_decision_says_what_was_noted() -> None:
    book = a_book("steps: [{send: note}]")
    moment = at("09:00", book)
    deliberation = Deliberation(book, willing_guest(book.venue, "ana"), at=moment, event=None)
    note = Note(
        kind=Kind.REFUSED,
        reason=Reason.CAP,
        text="a text",
        step="a step",
        message="a message",
        task="a task",
        said="a name",
        guard="a guard",
        saw={"guest.vip": True},
    )

    deliberation.note(note, journey="welcome")

    [decision] = deliberation.outcome().decisions
    said = decision._asdict()
    assert {name: said[name] for name in Note._fields} == note._asdict()
    assert (decision.at, decision.venue, decision.guest) == (moment, book.venue.id, "ana")
    assert (decision.journey, decision.run, decision.event) == ("welcome", None, None)
