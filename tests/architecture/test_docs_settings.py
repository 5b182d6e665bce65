"""Every setting of hub.toml and gateway.toml stands in docs/operate.md with its default, and nothing else does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import load
from gateway.errors import ConfigError
from hub.config.hub_toml import FaultyConfig, parse_config
from tests.architecture.pages import page, quoted, rows, section

HUB = Path("/srv/innkeeper/hub.toml")
PAGE = page("docs/operate.md")
NEEDED: dict[
    str, dict[str, dict[str, object]]
] = {  # what a file must say, so that there is something to compare; a table that the page does not know is left out
    "hub": {
        "apns": {"team_id": "T", "key_id": "K", "key_file": "k", "topic": "t"},
        "fcm": {"service_account_file": "s"},
        "smtp": {"host": "h", "sender": "a@b.example"},
        "webhook.sms": {"url": "https://sms.example.com", "secret_file": "s"},
    },
    "gateway": {
        "gateway": {"id": "lobby-1", "venue": "marlton"},
        "mqtt": {"url": "mqtt://127.0.0.1"},
        "format": {"name": "card", "company": 1, "id_at": 0, "id_bytes": 6},
    },
}
LISTS = {"format"}  # of which there may be several
STRANGER = "zzzzzzzz"  # so unlike any key that no hint is given, but the list of all that are known


def _toml(tables: dict[str, dict[str, object]]) -> str:
    return "\n".join(
        (f"[[{table}]]\n" if table in LISTS else f"[{table}]\n")
        + "".join(f"{key} = {_value(value)}\n" for key, value in keys.items())
        for table, keys in tables.items()
    )


def _value(value: object) -> str:
    return (
        str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | list) else f'"{value}"'
    )


def _tables(program: str) -> dict[str, list[list[str]]]:
    """The page's rows by table."""
    text = section(PAGE, f"## {program}.toml")
    heads = re.findall(r"^### `(\[+([\w.]+)\]+)`", text, re.MULTILINE)
    return {_plain(head): rows(section(text, f"### `{whole}`"), "key", "default", "is") for whole, head in heads}


def _needed(program: str) -> dict[str, dict[str, object]]:
    on_the_page = _tables(program)
    return {name: dict(keys) for name, keys in NEEDED[program].items() if name in on_the_page}


def _plain(head: str) -> str:
    return head.replace("NAME", "sms")


def _hub_faults(text: str) -> str:
    try:
        parse_config(HUB, text)
    except FaultyConfig as faults:
        return str(faults)
    return ""


def _known_to_the_hub(table: str) -> set[str]:
    tables = _needed("hub")
    tables.setdefault(table, {})[STRANGER] = 1
    found = re.search(rf"\[{re.escape(table)}\] unknown key '{STRANGER}'; known: (.*)", _hub_faults(_toml(tables)))
    assert found is not None
    return set(found[1].split(", "))


def _known_to_the_gateway(table: str, folder: Path) -> set[str]:
    tables = _needed("gateway")
    tables.setdefault(table, {})[STRANGER] = 1
    with pytest.raises(ConfigError) as fault:
        _gateway(_toml(tables), folder)
    found = re.search(
        rf"{table}(?: 1)?\.{STRANGER}: found an unknown key; right would be one of (.*)", str(fault.value)
    )
    assert found is not None
    return set(found[1].split(", "))


def _gateway(text: str, folder: Path) -> object:
    file = folder / "gateway.toml"
    file.write_text(text)
    return load(file)


def test_the_pages_tables_are_those_that_the_hub_reads() -> None:
    found = re.search(r"unknown table \[zzzzzzzz\]; known: (.*)", _hub_faults(f"[{STRANGER}]\n"))

    assert found is not None
    assert {name.partition(".")[0] for name in _tables("hub")} == set(re.findall(r"\[(\w+)\]", found[1]))


def test_the_pages_tables_are_those_that_the_gateway_reads(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as fault:
        _gateway(f"[{STRANGER}]\n", tmp_path)

    assert set(_tables("gateway")) == set(str(fault.value).partition("one of ")[2].split(", "))


@pytest.mark.parametrize("table", _tables("hub"))
def test_the_hubs_keys_are_all_on_the_page(table: str) -> None:
    assert {quoted(row[0])[0] for row in _tables("hub")[table]} == _known_to_the_hub(table)


@pytest.mark.parametrize("table", _tables("gateway"))
def test_the_gateways_keys_are_all_on_the_page(table: str, tmp_path: Path) -> None:
    assert {quoted(row[0])[0] for row in _tables("gateway")[table]} == _known_to_the_gateway(table, tmp_path)


def _settings(program: str) -> list[tuple[str, str, str]]:
    return [(table, quoted(row[0])[0], row[1]) for table, found in _tables(program).items() for row in found]


@pytest.mark.parametrize(("table", "key", "default"), _settings("hub"))
def test_the_hubs_defaults_are_the_pages(table: str, key: str, default: str) -> None:
    def read(tables: dict[str, dict[str, object]]) -> object:
        return parse_config(HUB, _toml(tables))

    _compare("hub", table, key, default, read, FaultyConfig)


@pytest.mark.parametrize(("table", "key", "default"), _settings("gateway"))
def test_the_gateways_defaults_are_the_pages(table: str, key: str, default: str, tmp_path: Path) -> None:
    def read(tables: dict[str, dict[str, object]]) -> object:
        return _gateway(_toml(tables), tmp_path)

    _compare("gateway", table, key, default, read, ConfigError)


def _compare(
    program: str,
    table: str,
    key: str,
    default: str,
    read: Callable[[dict[str, dict[str, object]]], object],
    fault: type[Exception],
) -> None:
    """Written out, a default changes nothing; what is required is missed; the rest may be left out."""
    tables = _needed(program)
    plain = read(tables)
    if default == "required":
        del tables[table][key]
        with pytest.raises(fault, match=f"{key} is missing|{key}: found nothing"):
            read(tables)
    elif default.startswith("`"):
        words = quoted(default)
        tables.setdefault(table, {})[key] = tomllib.loads(f"x = {words[0]}")["x"]
        assert read(tables) == plain
    else:
        assert default == "none" or default.startswith("by `")
        assert key not in tables.get(table, {})
