"""What is made of BlueZ's answers when they lack what was there a moment ago."""

from __future__ import annotations

from typing import Any

import pytest
from dbus_fast import Variant

from gateway.bluez import ADAPTER, Bluez
from gateway.errors import ScannerUnavailable

ON, OFF = (Variant(signature="b", value=on) for on in (True, False))


def answering(monkeypatch: pytest.MonkeyPatch, *body: object) -> Bluez:
    """A connection to a BlueZ that answers so, whatever it is asked."""

    async def answer(*_: object) -> list[Any]:
        return list(body)

    monkeypatch.setattr(Bluez, "_call", answer)
    return Bluez()


@pytest.mark.parametrize(
    ("properties", "scans"),
    [
        ({"Powered": ON, "Discovering": ON}, True),
        ({"Powered": ON, "Discovering": OFF}, False),
        ({"Powered": ON}, False),
        ({"Discovering": ON}, False),
        ({}, False),
    ],
)
async def test_an_adapter_of_which_bluez_does_not_say_that_it_scans_does_not(
    monkeypatch: pytest.MonkeyPatch, properties: dict[str, Variant], *, scans: bool
) -> None:
    assert await answering(monkeypatch, properties).scans("hci0") is scans


async def test_an_adapter_without_an_address_is_found_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bluez = answering(monkeypatch, {"/org/bluez": {}, "/org/bluez/hci0": {ADAPTER: {}}})

    assert await bluez.adapter("hci0") == "hci0"
    with pytest.raises(ScannerUnavailable, match="found 02:00:00:00:00:00; right would be hci0"):
        await bluez.adapter("02:00:00:00:00:00")


async def test_an_empty_answer_says_that_nothing_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    bluez = answering(monkeypatch)

    with pytest.raises(ScannerUnavailable, match="GetManagedObjects: found an empty answer"):
        await bluez.adapters()
    with pytest.raises(ScannerUnavailable, match="GetAll: found an empty answer"):
        await bluez.scans("hci0")
