"""Would a gateway start with the settings that `innkeeper init` laid out for it, and does its venue know it?

The file goes to the Pi, together with those that it names: one that is not here yet is a warning.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hub.config.toml_table import ConfigFault
from wire.errors import Misset
from wire.settings.gateway_toml import GatewayToml, misset, read_gateway_toml

FOLDER: Final = "gateways"  # beside hub.toml


@dataclass(slots=True, kw_only=True)
class GatewayFiles:
    """What is to be said of them."""

    faults: list[ConfigFault] = field(default_factory=list)
    missing: list[ConfigFault] = field(default_factory=list)  # files that they name, and that are not here


def check_gateway_files(folder: Path, venues: Mapping[str, Collection[str]] | None) -> GatewayFiles:
    """Check every `gateways/*.toml` under `folder`.

    `venues` are the gateways that each venue names; None: they cannot be read, and are not asked.
    """
    found = GatewayFiles()
    names: dict[tuple[str, str], str] = {}
    for path in sorted((folder.absolute() / FOLDER).glob("*.toml")):
        try:
            data = path.read_bytes()
            settings = read_gateway_toml(data)
            if (other := names.setdefault((settings.venue, settings.gateway), path.name)) != path.name:
                right = f"an id of its own, for {FOLDER}/{other} has this one"
                raise misset(data.decode(), ("gateway", "id"), settings.gateway, right)
            if venues is not None:
                _check_known(data.decode(), settings, venues)
        except OSError as exc:
            message = f"cannot be read: {(exc.strerror or str(exc)).lower()}"
            found.faults.append(ConfigFault(file=str(path), line=1, column=1, message=message))
        except Misset as exc:
            found.faults.append(_at(path, exc))
        else:
            found.missing += [_at(path, named.missing) for named in settings.files if not _there(path, named.path)]
    return found


def _check_known(text: str, settings: GatewayToml, venues: Mapping[str, Collection[str]]) -> None:
    gateways = venues.get(settings.venue)
    if gateways is None:
        raise misset(text, ("gateway", "venue"), settings.venue, f"one of {', '.join(sorted(venues))}")
    if settings.gateway not in gateways:
        near = difflib.get_close_matches(settings.gateway, gateways, n=1) or sorted(gateways)[:1]
        like = f", such as {near[0]}" if near else ""
        right = f"one that a zone of {settings.venue} names in venue.yaml{like}"
        raise misset(text, ("gateway", "id"), settings.gateway, right)


def _there(file: Path, named: str) -> bool:
    path = file.absolute().parent / named
    return os.access(path, os.F_OK) and not path.is_dir()


def _at(path: Path, fault: Misset) -> ConfigFault:
    return ConfigFault(file=str(path), line=fault.line, column=fault.column, message=str(fault))
