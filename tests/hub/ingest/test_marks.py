"""Which batches are stored: ranges against a plain set of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.ingest.marks import MAX_EPOCHS, MAX_RANGES, Mark, MarkBook, MarkKey

KEY = MarkKey("marlton", "lobby-1", "e1", 0)


def noted(book: MarkBook, *seqs: int, low: int = 1, key: MarkKey = KEY) -> list[bool]:
    return [book.note(key, seq=seq, low=min(low, seq), rows=3).fresh for seq in seqs]


def test_batches_in_order_raise_upto() -> None:
    book = MarkBook()

    assert noted(book, 1, 2, 3) == [True, True, True]

    assert book.take() == (Mark(key=KEY, upto=3, batches=3, rows=9),)


def test_repeat_changes_nothing_and_is_acknowledged_again() -> None:
    book = MarkBook()
    noted(book, 1, 2, 3)
    before = book.take()

    assert noted(book, 2) == [False]

    assert book.take() == before
    assert book.take() == ()


def test_gap_is_noticed_and_closes() -> None:
    book = MarkBook()
    noted(book, 1, 2, 5, 6, 9)
    (gapped,) = book.take()

    noted(book, 3, 4)

    assert (gapped.upto, gapped.also, gapped.missing) == (2, ((5, 6), (9, 9)), 4)
    (closed,) = book.take()
    assert (closed.upto, closed.also, closed.missing) == (6, ((9, 9),), 2)


def test_low_settles_what_the_gateway_no_longer_holds_as_lost() -> None:
    book = MarkBook()
    noted(book, 1, 2, 5)

    note = book.note(KEY, seq=9, low=8, rows=0)

    assert note.lost == 4  # 3, 4, 6, 7
    (mark,) = book.take()
    assert (mark.upto, mark.also, mark.lost) == (7, ((9, 9),), 4)


def test_ack_says_what_is_stored() -> None:
    book = MarkBook()
    noted(book, 1, 4)

    ack = book.take()[0].ack

    assert (ack.epoch, ack.bucket, ack.upto, ack.also) == ("e1", 0, 1, ((4, 4),))


def test_marks_that_could_not_be_stored_are_due_again() -> None:
    book = MarkBook()
    noted(book, 1)
    taken = book.take()

    book.give_back(taken)
    noted(book, 2)

    assert book.is_due
    assert book.take() == (Mark(key=KEY, upto=2, batches=2, rows=6),)


def test_restored_marks_know_their_repeats() -> None:
    book = MarkBook()
    book.restore([Mark(key=KEY, upto=7, also=((9, 10),), batches=9, rows=9)])

    assert noted(book, 7, 8, 9, 10, 11) == [False, True, False, False, True]

    assert book.take()[0].upto == 11


def test_gateway_that_skips_every_second_number_is_bounded() -> None:
    book = MarkBook()

    noted(book, *range(2, 4 * MAX_RANGES, 2))

    (mark,) = book.take()
    assert len(mark.also) <= MAX_RANGES
    assert mark.lost > 0


def test_gateway_that_changes_its_epoch_with_every_batch_is_bounded() -> None:
    book = MarkBook()

    for epoch in range(1000):
        noted(book, 1, key=KEY._replace(epoch=str(epoch)))

    assert len(book.take()) == len(book.of("marlton", "lobby-1")) == MAX_EPOCHS


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 12)), max_size=60))
def test_ranges_agree_with_a_plain_set(batches: list[tuple[int, int]]) -> None:
    book = MarkBook()
    stored: set[int] = set()
    lost: set[int] = set()

    for seq, back in batches:
        low = max(1, seq - back)
        note = book.note(KEY, seq=seq, low=low, rows=1)

        fallen = set(range(1, low)) - stored - lost
        assert note.lost == len(fallen)
        lost |= fallen
        assert note.fresh == (seq not in stored | lost)
        if note.fresh:
            stored.add(seq)

    if batches:
        (mark,) = book.take()
        told = set(range(1, mark.upto + 1)) | {n for first, last in mark.also for n in range(first, last + 1)}
        assert told == stored | lost
        assert mark.batches == mark.rows == len(stored)
        assert mark.lost == len(lost)
        ends = [mark.upto, *(last for _, last in mark.also)]
        assert all(first > end + 1 for end, (first, _) in zip(ends, mark.also, strict=False))
        assert mark.missing == len(set(range(1, max(told) + 1)) - told)
