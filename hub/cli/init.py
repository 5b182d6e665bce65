"""`innkeeper init PACK DIR`: lays out a folder that a hub and its gateways can run from."""

from __future__ import annotations

import difflib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from hub.errors import BadRequest
from rules.definition import read_venue
from rules.venue import Venue

HUB_TOML = """\
# The hub of {name}. Every path is relative to this file. `innkeeper check {folder}` reads it all.

[hub]
data_dir = "var"
venues_dir = "venues"
listen = "127.0.0.1:8080"
public_url = ""            # "https://hub.example.com": links to unsubscribe need it
mode = "live"              # "shadow" decides and records everything, and sends nothing: a pilot's first week

[mqtt]
url = "mqtt://127.0.0.1:1883"
# username = "hub"
# password_file = "secrets/mqtt"
# ca_file = "secrets/mqtt-ca.pem"
# embedded = true          # starts a broker on 127.0.0.1 for trying out: no access control, nothing on disk

[store]
url = "sqlite:///var/innkeeper.db"

# A channel whose table is missing is off. A table that stands twice is taken from where it stands last.

[apns]
team_id = "TEAM000000"
key_id = "KEY0000000"
key_file = "secrets/apns.p8"
topic = "com.example.{venue}"

[fcm]
service_account_file = "secrets/service-account.json"

[smtp]
host = "127.0.0.1"
port = 25
security = "none"
sender = "{name} <hello@{venue}.example>"
"""

GATEWAY_TOML = """\
# The gateway {gateway} of {name}, in zone {zone}. Every path is relative to this file.

[gateway]
id = "{gateway}"
venue = "{venue}"
data_dir = "../var/{gateway}"

[radio]
adapters = ["hci0"]
scan = "hybrid"
source = "bluez"

[mqtt]
url = "mqtt://127.0.0.1:1883"
# password_file = "../secrets/{gateway}"     # the user name is {venue}/{gateway}
# ca_file = "../secrets/mqtt-ca.pem"

[spool]
max_mib = 64

[metrics]
listen = ""                # "127.0.0.1:9101" turns Prometheus text on
"""


def add_to(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("init")(init)


def init(
    pack: Annotated[str, typer.Argument(help="Which venue pack: hotel, …")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet, or is empty.")],
) -> None:
    """Lay out DIR from a venue pack: hub.toml, a file for each gateway, and the venue's own files."""
    source = _pack(pack)
    venue_text = (source / "venue.yaml").read_text(encoding="utf-8")
    venue = read_venue(venue_text, file="venue.yaml")
    _check_empty(folder)
    _write(folder, {"hub.toml": HUB_TOML.format(name=venue.name, venue=venue.id, folder=folder), **_gateways(venue)})
    _write(folder / "venues" / venue.id, _texts(source))
    typer.echo(f"{folder} holds {venue.name} ({venue.id}): {len(venue.zones)} zones. Next: innkeeper check {folder}")


def _pack(name: str) -> Traversable:
    packs = sorted(entry.name for entry in (files("rules") / "venues").iterdir() if (entry / "venue.yaml").is_file())
    if name in packs:
        return files("rules") / "venues" / name
    near = difflib.get_close_matches(name, packs, n=1)
    raise BadRequest(
        f"unknown pack {name!r}; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(packs)}")
    )


def _check_empty(folder: Path) -> None:
    try:
        found = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as exc:
        raise BadRequest(
            f"{folder}: {(exc.strerror or str(exc)).lower()}; right would be a new or an empty folder"
        ) from exc
    if found:
        raise BadRequest(f"{folder}: found {found[0].name} there; right would be a new or an empty folder")


def _gateways(venue: Venue) -> dict[str, str]:
    return {
        f"gateways/{gateway}.toml": GATEWAY_TOML.format(gateway=gateway, name=venue.name, venue=venue.id, zone=zone_id)
        for zone_id, zone in venue.zones.items()
        for gateway in zone.gateways
    }


def _texts(source: Traversable, prefix: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for entry in source.iterdir():
        if entry.is_dir():
            texts |= _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            texts[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return texts


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as exc:
            raise BadRequest(f"{path}: cannot be written: {(exc.strerror or str(exc)).lower()}") from exc
