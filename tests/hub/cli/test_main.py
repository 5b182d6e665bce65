"""How the program itself is called, and what a wrong call is told: one line, lower case, and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import structlog

from hub.cli.main import SUBJECTS
from tests.fakes.command import Innkeeper


def test_help_lists_every_command(innkeeper: Innkeeper) -> None:
    code, out, err = innkeeper("--help")

    listed = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.strip()]
    assert (code, err) == (0, "")
    assert sorted(listed) == sorted(SUBJECTS)


def test_without_arguments_the_help_is_shown_and_it_is_wrong_usage(innkeeper: Innkeeper) -> None:
    code, out, _ = innkeeper()

    assert code == 2
    assert "Commands:" in out


def test_version_is_the_distributions(innkeeper: Innkeeper) -> None:
    assert innkeeper("--version") == (0, f"innkeeper {version('innkeeper')}\n", "")


@pytest.mark.parametrize("command", list(SUBJECTS))
def test_every_command_has_its_help(innkeeper: Innkeeper, command: str) -> None:
    code, out, err = innkeeper(command, "--help")

    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: innkeeper {command} ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gust"], "no such command 'gust'; did you mean 'guest'? `innkeeper --help` lists what is right"),
        (["--bogus"], "no such option: --bogus; `innkeeper --help` lists what is right"),
        (
            ["--log-format", "xml", "check", "."],
            (
                "invalid value for '--log-format': 'xml' is not one of 'text', 'json'; "
                "`innkeeper --help` lists what is right"
            ),
        ),
        (["check"], "missing argument 'DIR'; `innkeeper --help` lists what is right"),
        (["token", "list"], "missing option '--config'; `innkeeper --help` lists what is right"),
        (["token", "mint"], "no such command 'mint'; `innkeeper --help` lists what is right"),
        (["hub"], "missing option '--config'; `innkeeper --help` lists what is right"),
    ],
)
def test_wrong_usage_is_one_line(innkeeper: Innkeeper, words: list[str], told: str) -> None:
    assert innkeeper(*words) == (2, "", f"innkeeper: {told}\n")


@pytest.mark.parametrize("command", [["hub"], ["token", "list"], ["outbox", "list"], ["why", "ana"]])
def test_a_configuration_that_is_not_there_is_told_with_its_place(
    innkeeper: Innkeeper, tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "hub.toml"

    code, out, err = innkeeper(*command[:2], "--config", file, *command[2:])

    assert (code, out) == (2, "")
    assert err == (
        f"{file}:1:1: cannot be read: no such file or directory; "
        "right would be a hub.toml such as `innkeeper init` lays out\n"
    )


def test_a_faulty_configuration_is_a_line_a_fault(innkeeper: Innkeeper, hotel: Path) -> None:
    file = hotel / "hub.toml"
    file.write_text(file.read_text().replace("listen =", "lisen =").replace('mode = "live"', 'mode = "dead"'))

    code, out, err = innkeeper("token", "list", "--config", file)

    assert (code, out) == (2, "")
    assert [line.partition(": ")[2] for line in err.splitlines()] == [
        '[hub] mode: found \'dead\'; right would be "live" or "shadow"',
        "[hub] unknown key 'lisen'; did you mean listen?",
    ]


def test_log_lines_can_be_json(innkeeper: Innkeeper, hotel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.cli.serve.serve", _say)

    code, _, err = innkeeper("--log-format", "json", "hub", "--config", hotel / "hub.toml")

    assert code == 0
    assert json.loads(err)["event"] == "Here"


async def _say(_: object) -> None:
    structlog.get_logger().info("Here")


def test_a_named_command_loads_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys\nfrom hub.cli.main import build\nbuild(['token', 'list'])\n"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'fastapi', 'sqlalchemy', 'aiosqlite', 'h2'})"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []


def test_the_program_is_installed_and_leaves_with_the_code() -> None:
    program = Path(sys.executable).with_name("innkeeper")

    done = subprocess.run([program, "token", "--bogus"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
