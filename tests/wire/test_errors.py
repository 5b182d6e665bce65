"""What a fault says: one line, bounded, whatever was found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Malformed

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(anything)
def test_a_fault_is_one_short_line(found: object) -> None:
    text = str(Malformed("batch seq", found, "an integer"))

    assert text.isprintable()
    assert text.startswith("batch seq: found ")
    assert text.endswith("; right would be an integer")
    assert len(text) <= len("batch seq: found ; right would be an integer") + 60


def test_a_deep_list_is_not_walked() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert "found [[[" in str(Malformed("row", deep, "flat"))
