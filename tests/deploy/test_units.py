"""What we hand to operators: units that systemd takes and finds hardened, scripts that a shell can read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import wire
from gateway import config
from gateway.watchdog import GIVE_UP_S
from hub.cli.init import init

DEPLOY = Path(wire.__file__).parents[1] / "deploy"
UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("innkeeper-*"))
EXPOSURE = {"innkeeper-gateway.service": 20, "innkeeper-hub.service": 20, "innkeeper-broker.service": 40}


def analyzed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """systemd-analyze over our units, as if the programs were installed."""
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text()
        (folder / name).write_text(text.replace("/opt/innkeeper/bin", str(Path(sys.executable).parent)))
    command = ["systemd-analyze", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    units = [str(tmp_path / name) for name in UNITS]

    said = analyzed(tmp_path, "verify", "--man=no", "--recursive-errors=no", *units)

    ours = [line for line in said.stderr.splitlines() if "innkeeper" in line and "mosquitto.service" not in line]
    assert ours == []


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("unit", sorted(EXPOSURE))
def test_systemd_finds_every_service_hardened(tmp_path: Path, unit: str) -> None:
    threshold = f"--threshold={EXPOSURE[unit]}"

    analyzed(tmp_path)
    said = analyzed(tmp_path, "security", "--offline=true", threshold, str(tmp_path / unit))

    assert said.returncode == 0, said.stdout[-300:] + said.stderr


def test_the_gateways_watchdog_leaves_it_time_to_mend_itself() -> None:
    text = (DEPLOY / "systemd/innkeeper-gateway.service").read_text()

    assert "Type=notify" in text
    assert int(re.findall(r"^WatchdogSec=(\d+)$", text, re.MULTILINE)[0]) * 3 < GIVE_UP_S
    assert {"adjtimex", "clock_adjtime"} <= set(re.findall(r"\w+", text))  # or its clock would never be right


def test_the_hubs_unit_lets_it_bind_itself_to_a_core() -> None:
    text = (DEPLOY / "systemd/innkeeper-hub.service").read_text()

    allowed = re.findall(r"^SystemCallFilter=(?!~)(.*)$", text[text.index("SystemCallFilter=~") :], re.MULTILINE)
    assert "sched_setaffinity" in " ".join(allowed).split()


@pytest.mark.parametrize("script", sorted(path.name for path in DEPLOY.glob("*.sh")))
def test_a_shell_can_read_every_script_and_it_says_what_it_needs(script: str) -> None:
    assert subprocess.run(["sh", "-n", DEPLOY / script], check=False).returncode == 0

    said = subprocess.run(["sh", DEPLOY / script], capture_output=True, text=True, check=False)

    assert said.returncode == 2
    assert re.fullmatch(r"install-gateway: found 0 arguments; right would be .*\n", said.stderr)


def test_the_installer_makes_the_data_dir_before_it_asks_whether_it_can_be_written() -> None:
    script = (DEPLOY / "install-gateway.sh").read_text()
    (data_dir,) = re.findall(r'data_dir = "([^"]+)"', script)

    assert 0 < script.index(f"-m 700 {data_dir}\n") < script.index("innkeeper-gateway check")


def test_the_installers_settings_can_be_read(tmp_path: Path) -> None:
    script = (DEPLOY / "install-gateway.sh").read_text()
    rewrite = re.search(r"^sed (-e .*?)\s+\\\n\t\"\$1\"", script, re.MULTILINE | re.DOTALL)
    assert rewrite is not None
    init("hotel", tmp_path / "hotel")
    source = tmp_path / "hotel/gateways/lobby-1.toml"
    source.write_text(source.read_text().replace("mqtt://127.0.0.1:1883", "mqtts://broker.example:8883"))
    for name in ("broker.password", "ca.crt"):
        (tmp_path / name).write_text("x")

    command = f"sed {rewrite[1]} {source}"
    made = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    (tmp_path / "gateway.toml").write_text(made)
    loaded = config.load(tmp_path / "gateway.toml")

    assert str(loaded.data_dir) == "/var/lib/innkeeper-gateway"
    assert loaded.broker.url == "mqtts://broker.example:8883"
    assert loaded.broker.ca_file == tmp_path / "ca.crt"
    assert loaded.broker.password() == "x"
