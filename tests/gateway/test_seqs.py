"""A set of numbers as ranges: whatever is added and taken, it is what a plain set would be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.seqs import Seqs

steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 30), st.just(0)),
        st.tuples(st.just("discard"), st.integers(1, 30), st.integers(0, 10)),
    ),
    max_size=60,
)


@given(steps)
def test_it_is_what_a_plain_set_would_be(happenings: list[tuple[str, int, int]]) -> None:
    seqs, plain = Seqs(), set[int]()

    for kind, seq, more in happenings:
        if kind == "add":
            seqs.add(seq)
            plain.add(seq)
        else:
            gone = plain & set(range(seq, seq + more + 1))
            assert seqs.discard(seq, seq + more) == len(gone)
            plain -= gone

    assert len(seqs) == len(plain)
    assert {seq for seq in range(50) if seq in seqs} == plain
    assert seqs.lowest == min(plain, default=None)


def test_a_day_of_numbers_is_one_range() -> None:
    assert len(Seqs(range(1, 86_401))._spans) == 1
