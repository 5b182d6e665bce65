"""YAML by composition: what was written, where, and nothing clever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.document import LARGEST, Listing, Mapping, Scalar, read_document
from rules.fault import Faulty


@pytest.mark.parametrize("word", ["on", "no", "11:30", "2026-01-05", "0x1F", "1_000", "null", "~", "1e3", ".inf"])
def test_every_scalar_is_the_text_that_was_written(word: str) -> None:
    root = read_document(f"key: {word}", file="f")

    assert isinstance(root, Mapping)
    [(key, value)] = root.entries
    assert (key.text, value) == ("key", Scalar(text=word, line=1, column=6, quoted=False))


def test_lines_and_columns_begin_at_one() -> None:
    root = read_document('a:\n  - "x"\n  - |\n    y # no comment\n', file="f")

    assert isinstance(root, Mapping)
    items = root.entries[0][1]
    assert isinstance(items, Listing)
    assert items.items == (
        Scalar(text="x", line=2, column=5, quoted=True),
        Scalar(text="y # no comment\n", line=3, column=5, quoted=True, block=True),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: &x 1", "f:1:4: anchor '&x'; write it out where it is used"),
        ("a: *x", "f:1:4: alias '*x'; write it out"),
        ("a: !!int 1", "f:1:4: tag 'tag:yaml.org,2002:int'; values have no tags here"),
        ("a: !x {b: 1}", "f:1:4: tag '!x'; values have no tags here"),
        ("a: 1\nb: 2\na: 3", "f:3:1: 'a' stands here twice; first in line 1"),
        ("[x]: 1", "f:1:1: a key must be a plain word"),
        ("", "f:1:1: the file is empty"),
        ("a: 1\n---\nb: 2", "f:2:1: a second document; a file has one"),
        ("[" * 40 + "]" * 40, "f:1:26: nested deeper than 24"),
        ("a: 'x", "f:1:6: cannot be read as YAML: while scanning a quoted scalar found unexpected end of stream"),
        ("a: b: c", "f:1:5: cannot be read as YAML: mapping values are not allowed here"),
        ("a: \x07", "f:1:4: cannot be read as YAML: character #x0007 is not allowed"),
        ("x" * (LARGEST + 1), "f:1:1: 262145 characters; at most 262144"),
    ],
)
def test_what_nobody_writes_by_hand_is_refused(text: str, fault: str) -> None:
    with pytest.raises(Faulty) as caught:
        read_document(text, file="f")

    assert [str(each) for each in caught.value.faults] == [fault]


@given(st.text(alphabet="ab:-[]{}'\"#&*!|>,? \n\t%@`0", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        root = read_document(text, file="f")
    except Faulty as exc:
        root = None
        faults = exc.faults
    assert root is not None or all(fault.line >= 1 and fault.column >= 1 for fault in faults)
