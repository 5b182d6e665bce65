"""Where a setting stands in a file, however a person has written it."""

from __future__ import annotations

import tomllib

import pytest

from wire.settings.places import Place, Setting, name_of, place_of, syntax_fault

FILE = '''\
# [mqtt] is below
"version" = 1
site.town = "Lisbon"

[gateway]
  id = "lobby-1"
note = """
[mqtt]
url = "in a text"
"""

[ "mqtt" ]   # the broker
'url' = "mqtt://h"

[[format]]
name = "card"
[[format]]
name = "badge"

[webhook.sms]
url = "https://h"
tls = { ca = "x" }
'''


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        (("version",), Place(2, 1)),
        (("site", "town"), Place(3, 1)),
        (("site",), Place(3, 1)),
        (("gateway",), Place(5, 1)),
        (("gateway", "id"), Place(6, 3)),
        (("mqtt",), Place(12, 1)),
        (("mqtt", "url"), Place(13, 1)),
        (("format",), Place(15, 1)),
        (("format", 1, "name"), Place(16, 1)),
        (("format", 2, "name"), Place(18, 1)),
        (("webhook", "sms", "url"), Place(21, 1)),
        (("webhook",), Place(20, 1)),
    ],
)
def test_a_setting_is_where_it_is_written(setting: Setting, place: Place) -> None:
    tomllib.loads(FILE)

    assert place_of(FILE, setting) == place


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        (("mqtt", "password_file"), Place(12, 1)),
        (("format", 2, "id_at"), Place(17, 1)),
        (("webhook", "sms", "tls", "ca"), Place(22, 1)),
        (("radio", "scan"), Place(1, 1)),
        ((), Place(1, 1)),
    ],
)
def test_a_setting_that_is_missing_is_where_its_table_is_or_at_the_start(setting: Setting, place: Place) -> None:
    assert place_of(FILE, setting) == place


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    assert place_of("# a line\u2028that is one\r\n[mqtt]\r\n", ("mqtt",)) == Place(2, 1)


def test_a_setting_has_a_name_for_people() -> None:
    assert [name_of(each) for each in (("mqtt",), ("mqtt", "url"), ("format", 2, "id_at"))] == [
        "mqtt",
        "mqtt.url",
        "format 2.id_at",
    ]


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("[hub\n", Place(1, 5), "expected ']' at the end of a table declaration"),
        ("[hub]\nlisten = \n", Place(2, 10), "invalid value"),
        ("[hub]\nlisten = '''\n\n", Place(2, 13), "expected \"'''\""),
    ],
)
def test_what_is_no_toml_says_where_and_why(text: str, place: Place, why: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)

    assert syntax_fault(text, str(caught.value)) == (place, why)


def test_a_fault_without_a_place_is_told_as_it_is() -> None:
    assert syntax_fault("x", "Something new") == (Place(1, 1), "Something new")
