"""The command as a process of its own, over its own ports."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.fakes.sim_providers import free_port

PROGRAM = """
import argparse, sys
from firmware_sim.providers.command import add_arguments, run
parser = argparse.ArgumentParser(prog="innkeeper-sim providers")
add_arguments(parser)
sys.exit(run(parser.parse_args()))
"""


def command(directory: Path, port: int | str) -> list[str]:
    return [
        sys.executable, "-c", PROGRAM, "--port", str(port), "--dir", str(directory / "d"),
        "--log", str(directory / "accepted.jsonl"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("providers")


@pytest.fixture(scope="module")
def port(directory: Path) -> Iterator[int]:
    port = free_port()
    with subprocess.Popen(command(directory, port), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(f"providers ready: apns https://127.0.0.1:{port}, fcm https://127.0.0.1:{port + 1}, ")
        yield port
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_directory_has_what_a_hub_needs_and_secrets_are_the_owners_alone(directory: Path, port: int) -> None:
    part = tomllib.loads((directory / "d" / "hub.toml.part").read_text())

    assert list(part) == ["apns", "fcm", "smtp"]
    assert part["apns"]["endpoint"] == f"https://127.0.0.1:{port}"
    assert part["fcm"]["endpoint"] == f"https://127.0.0.1:{port + 1}"
    assert (part["smtp"]["port"], part["smtp"]["security"]) == (port + 2, "starttls")
    assert all(Path(table["ca_file"]).is_file() for table in part.values())
    for name in ("apns.p8", "service-account.json", "server.pem", "fcm.key"):
        assert stat.S_IMODE((directory / "d" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((directory / "accepted.jsonl").stat().st_mode) == 0o600
    account = json.loads((directory / "d" / "service-account.json").read_text())
    assert account["token_uri"] == f"https://127.0.0.1:{port + 1}/token"


def test_behaviour_is_put_and_read_over_http(port: int) -> None:
    url = f"http://127.0.0.1:{port + 3}/behaviour"

    put = httpx2.put(url, json={"apns": {"mode": "delay", "delay_s": 0.5}})
    got = httpx2.get(url)

    assert put.status_code == got.status_code == 200
    assert got.json()["apns"]["mode"] == "delay"
    assert got.json()["smtp"]["mode"] == "ok"


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "detail"),
    [
        ("PUT", "/behaviour", b'{"apns": {"mood": "bad"}}', 400, "apns: unknown key 'mood'"),
        ("PUT", "/behaviour", b"{", 400, "behaviour: not JSON"),
        ("PUT", "/behaviour", b"\xff", 400, "behaviour: not JSON"),
        ("POST", "/behaviour", b"{}", 405, "found POST"),
        ("GET", "/", b"", 404, "found /"),
    ],
)
def test_control_tells_what_would_be_right(
    port: int, method: str, path: str, content: bytes, status: int, detail: str
) -> None:
    response = httpx2.request(method, f"http://127.0.0.1:{port + 3}{path}", content=content)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith(detail)


def test_garbage_on_any_port_leaves_the_others_at_work(port: int) -> None:
    for offset in range(4):
        with socket.create_connection(("127.0.0.1", port + offset), timeout=5) as connection:
            connection.sendall(b"\x16\x03\x01\xff garbage\r\n\r\n\x00" * 50)

    assert httpx2.get(f"http://127.0.0.1:{port + 3}/behaviour").status_code == 200


def test_a_port_that_is_taken_is_one_line_and_exit_1(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()

        done = subprocess.run(command(tmp_path, port), capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 1
    assert done.stderr == (
        f"innkeeper-sim providers: 127.0.0.1:{port + 1}: cannot listen, address already in use; "
        "right would be four free ports in a row\n"
    )


def test_a_log_that_cannot_be_written_is_one_line_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "accepted.jsonl").mkdir()

    done = subprocess.run(command(tmp_path, free_port()), capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "accepted.jsonl: is a directory" in done.stderr


@pytest.mark.parametrize("port_", ["0", "65534", "-1", "apns"])
def test_a_port_without_room_for_four_is_wrong_usage(tmp_path: Path, port_: str) -> None:
    done = subprocess.run(command(tmp_path, port_), capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 2
    assert "right would be 1 to 65532" in done.stderr or "expected one argument" in done.stderr
