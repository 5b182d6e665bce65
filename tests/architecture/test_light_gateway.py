"""The gateway is light: on a Pi it loads nothing of the hub, and none of the hub's libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import wire

ROOT = Path(wire.__file__).parents[1]
HEAVY = {
    *("hub", "rules", "firmware_sim"),
    *("fastapi", "starlette", "uvicorn", "sqlalchemy", "aiosqlite", "alembic", "pydantic", "msgspec", "structlog"),
    *("typer", "yaml", "cel", "liquid", "jinja2", "h2", "httpx2", "cryptography", "jwt", "iotcore"),
}


def modules_loaded_by(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_gateway_loads_nothing_of_the_hub() -> None:
    loaded = modules_loaded_by("import gateway.cli")

    assert {"gateway", "wire", "bleak", "paho"} <= loaded
    assert not loaded & HEAVY


def test_wire_loads_the_standard_library_alone() -> None:
    loaded = modules_loaded_by(
        "import wire.mqtt.codec, wire.mqtt.topics, wire.advert.formats, wire.tag, wire.pseudonym; "
        "import wire.settings.gateway_toml"
    )

    ours = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")}
    assert ours - modules_loaded_by("") == {"wire"}
