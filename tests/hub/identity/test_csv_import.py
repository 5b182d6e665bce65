from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.identity.csv_import import GuestRow, ReservationRow, TagRow, read_guests, read_reservations, read_tags
from hub.identity.guest import Binding, GuestId, Profile, Reservation, ReservationStatus, VenueId
from wire.advert.frame import TagId

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TAG = TagId("ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7")


def faults_of_guests(text: str) -> list[str]:
    with pytest.raises(BadRequest) as raised:
        read_guests(text, file="guests.csv")
    return str(raised.value).splitlines()


def test_a_guest_is_read_by_the_names_of_the_columns() -> None:
    rows = read_guests(
        "guest,member,first_name,last_name,email,language,timezone,tier,preferred,holdout,attributes.delay_min\r\n"
        'ana,yes,Ana,"Sá, Dr.",ana@example.com,pt,Europe/Lisbon,gold,email,never,45\r\n',
        file="guests.csv",
    )

    assert rows == (
        GuestRow(
            line=2,
            guest=GuestId("ana"),
            profile=Profile(
                first_name="Ana",
                last_name="Sá, Dr.",
                email="ana@example.com",
                language="pt",
                timezone="Europe/Lisbon",
                member=True,
                tier="gold",
                preferred="email",
                holdout="never",
                attributes={"delay_min": 45},
            ),
        ),
    )


def test_an_empty_cell_and_a_missing_column_are_unknown() -> None:
    rows = read_guests("guest,member,attributes.gate\nana,,\n", file="guests.csv")

    assert rows == (GuestRow(line=2, guest=GuestId("ana"), profile=Profile()),)


@pytest.mark.parametrize(
    ("cell", "member"), [("yes", True), ("NO", False), ("true", True), ("False", False), (" yes ", True)]
)
def test_a_boolean_is_yes_no_true_or_false(cell: str, member: bool) -> None:  # noqa: FBT001  a parameter of the test
    assert read_guests(f"guest,member\nana,{cell}\n", file="guests.csv")[0].profile.member is member


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("45", 45),
        ("1.5", 1.5),
        ("true", True),
        ("0123", "0123"),
        ("12A", "12A"),
        ("null", "null"),
        ("no", "no"),
        ("{}", "{}"),
    ],
)
def test_an_attribute_is_a_number_or_truth_where_it_reads_as_one(cell: str, value: object) -> None:
    found = read_guests(f"guest,attributes.x\nana,{cell}\n", file="guests.csv")[0].profile.attributes["x"]

    assert (found, type(found)) == (value, type(value))


def test_a_file_from_a_spreadsheet_is_read() -> None:
    text = '\ufeffguest,first_name\r\n\r\nana,"Ana\r\n"\r\n,\r\nbob,Bob\r\n'

    assert [(row.line, row.guest) for row in read_guests(text, file="g.csv")] == [(3, "ana"), (6, "bob")]


def test_every_fault_is_told_at_once_and_where_it_stands() -> None:
    faults = faults_of_guests(
        "guest,member,email,timezone,language\n"
        "ana,maybe,ana@example.com,Europe/Lisbon,pt\n"
        ",yes,,,\n"
        "b b,yes,no address,Mars/Olympus,portuguese\n"
        "bob,yes\n"
        "ana,yes,,,\n"
        "eve,yes,,,\n"
        "eve,yes,,,\n"
    )

    assert faults == [
        "guests.csv:2: member: found maybe; right would be yes, no, true or false",
        "guests.csv:3: guest: found nothing; right would be a value",
        "guests.csv:4: guest: found b b; right would be an id of letters, digits and . _ ~ : @ + -, at most 100",
        "guests.csv:4: email: found no address; right would be an address: ana@example.com",
        "guests.csv:4: timezone: found Mars/Olympus; right would be an IANA time zone: Europe/Lisbon",
        "guests.csv:4: language: found portuguese; right would be a language: en, or pt-BR",
        "guests.csv:5: found 2 cells; right would be 5, one for each column",
        "guests.csv:8: guest: found eve; right would be once in the file: line 7 has it",
    ]


def test_an_unknown_column_is_refused_with_the_nearest_right_word() -> None:
    assert faults_of_guests("guest,fist_name\nana,Ana\n") == [
        "guests.csv:1: header: found fist_name; right would be first_name"
    ]
    assert faults_of_guests("guest,zzz\nana,Ana\n")[0].startswith(
        "guests.csv:1: header: found zzz; right would be one of guest, first_name, "
    )


def test_a_column_that_is_missing_or_stands_twice_is_refused() -> None:
    assert faults_of_guests("") == ["guests.csv:1: header: found nothing; right would be columns guest beside them"]
    assert faults_of_guests("guest,tier,tier\n") == [
        "guests.csv:1: header: found tier; right would be each column once"
    ]


def test_a_quote_that_never_ends_is_refused() -> None:
    assert faults_of_guests('guest,first_name\nana,"Ana\nbob,Bob\n') == [
        "guests.csv:2: found unexpected end of data; right would be comma-separated values, RFC 4180"
    ]


def test_of_a_wrong_file_only_so_many_faults_are_told() -> None:
    faults = faults_of_guests("guest,member\n" + "".join(f"g{n},maybe\n" for n in range(100)))

    assert len(faults) == 21
    assert faults[-1] == "and 80 more"


def test_a_tag_begins_now_unless_the_file_says_when() -> None:
    rows = read_tags(
        "tag,guest,from,until\n"
        "iBeacon:FDA50693A4E24FB1AFCFC6EB07647825:010:7,ana,,\n"
        f"{TAG},bob,2026-07-02T10:00:00+01:00,2026-07-03T09:00:00Z\n",
        file="tags.csv",
        now=NOW,
    )

    assert rows == (
        TagRow(line=2, binding=Binding(tag=TAG, guest=GuestId("ana"), from_=NOW, until=None)),
        TagRow(
            line=3,
            binding=Binding(
                tag=TAG,
                guest=GuestId("bob"),
                from_=datetime(2026, 7, 2, 9, 0, tzinfo=UTC),
                until=datetime(2026, 7, 3, 9, 0, tzinfo=UTC),
            ),
        ),
    )


def test_a_tag_of_an_unknown_kind_or_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^t.csv:2: tag: found wifi:1; right would be ibeacon:UUID:major:minor"):
        read_tags("tag,guest\nwifi:1,ana\n", file="t.csv", now=NOW)
    with pytest.raises(BadRequest, match=r"^t.csv:2: until: found .*; right would be later than from"):
        read_tags(f"tag,guest,until\n{TAG},ana,2026-07-01T09:00:00Z\n", file="t.csv", now=NOW)
    with pytest.raises(BadRequest, match=r"^t.csv:2: from: found 2026-07-01; right would be a time with a zone"):
        read_tags(f"tag,guest,from\n{TAG},ana,2026-07-01\n", file="t.csv", now=NOW)


def test_a_reservation_is_booked_unless_the_file_says_otherwise() -> None:
    rows = read_reservations(
        "id,guest,venue,room,arrival,departure,status\n"
        "R1,ana,marlton,12,2026-07-01,2026-07-03,\n"
        "R1,bob,marlton,,2026-07-01,2026-07-01,in_house\n",
        file="r.csv",
        venues=["marlton"],
    )

    stay = Reservation(
        id="R1",
        venue=VenueId("marlton"),
        room="12",
        arrival=date(2026, 7, 1),
        departure=date(2026, 7, 3),
        status=ReservationStatus.BOOKED,
    )
    assert rows[0] == ReservationRow(line=2, guest=GuestId("ana"), reservation=stay)
    assert (rows[1].guest, rows[1].reservation.room, rows[1].reservation.status) == ("bob", None, "in_house")


def test_a_reservation_elsewhere_or_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadRequest) as raised:
        read_reservations(
            "id,guest,venue,arrival,departure,status\n"
            "R1,ana,astoria,2026-07-03,2026-07-01,booked\n"
            "R2,ana,marlton,2026-02-30,2026-07-01,gone\n",
            file="r.csv",
            venues=["marlton"],
        )

    assert str(raised.value).splitlines() == [
        "r.csv:3: arrival: found 2026-02-30; right would be a date: 2026-01-05",
        "r.csv:3: status: found gone; right would be one of booked, in_house, checked_out, cancelled",
    ]
    with pytest.raises(BadRequest) as raised:
        read_reservations("id,guest,venue,arrival,departure\nR1,ana,astoria,2026-07-03,2026-07-01\n", file="r.csv",
                          venues=["marlton", "plaza"])  # fmt: skip
    assert str(raised.value).splitlines() == [
        "r.csv:2: venue: found astoria; right would be one of marlton, plaza",
        "r.csv:2: departure: found 2026-07-01; right would be the day of arrival, 2026-07-03, or later",
    ]


def told(text: str) -> list[str]:
    """The faults; none of a text that is read."""
    try:
        read_guests(text, file="g.csv")
    except BadRequest as exc:
        return str(exc).split("\n")
    return []


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_lines_that_say_where(text: str) -> None:
    assert [line for line in told(text) if not line.startswith(("g.csv:", "and "))] == []


@given(st.text(max_size=30))
def test_any_cell_is_read_or_refused_in_lines_that_say_where(cell: str) -> None:
    quoted = cell.replace('"', '""')

    faults = told(f'guest,member,email,attributes.x\nana,"{quoted}","{quoted}","{quoted}"\n')

    assert [line for line in faults if not line.startswith("g.csv:")] == []


KEY = "00112233445566778899aabbccddeeff"


def test_a_rolling_beacon_s_secret_stands_beside_it_or_was_told_before() -> None:
    text = (
        "tag,guest,eid_key,eid_exponent,eid_count,eid_at\n"
        f"eid:spa-7,ana,{KEY},10,65280,2026-01-01T00:00:00Z\n"
        "eid:spa-8,ben,,,,\n"
        "altbeacon:000102030405060708090a0b0c0d0e0f10111213,cleo,,,,\n"
    )

    told = [row.beacon for row in read_tags(text, file="tags.csv", now=NOW)]

    assert told[0] is not None
    assert (told[0].key.hex(), told[0].exponent, told[0].at) == (KEY, 10, 1767225600.0)
    assert told[1:] == [None, None]


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (f"eid:spa-7,ana,{KEY}0,10,1", "eid_key: found something else; right would be an identity key: 32 hex digits"),
        (f"eid:spa-7,ana,{KEY},16,1", "eid_exponent: found 16; right would be a whole number from 0 to 15"),
        (f"eid:spa-7,ana,{KEY},10,", "eid_count: found nothing; right would be eid_key, eid_exponent, eid_count"),
        ("eid:spa-7,ana,,10,1", "eid_key: found nothing"),
        (f"altbeacon:000102030405060708090a0b0c0d0e0f10111213,ana,{KEY},10,1", "eid_key: found a value; right would"),
    ],
)
def test_a_wrong_secret_is_refused_without_being_repeated(cells: str, right: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_tags(f"tag,guest,eid_key,eid_exponent,eid_count\n{cells}\n", file="tags.csv", now=NOW)

    assert str(refused.value).startswith(f"tags.csv:2: {right}")
    assert KEY not in str(refused.value)
