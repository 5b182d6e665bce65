"""A channel whose secrets are not there is off and says so; the others are on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.app.channels import open_channels
from hub.clock import SystemClock
from tests.fakes.running_hub import lay_out


async def test_what_has_its_secrets_is_on_and_the_rest_says_what_it_lacks(tmp_path: Path) -> None:
    config = lay_out(tmp_path)

    with capture_logs() as said:
        async with open_channels(config, SystemClock()) as channels:
            on = set(channels)

    assert on == {"smtp"}
    assert {line["channel"] for line in said} == {"apns", "fcm"}
    assert all("right would be" in line["fault"] and "\n" not in line["fault"] for line in said)


async def test_without_a_table_a_channel_is_off_and_silent(tmp_path: Path) -> None:
    config = replace(lay_out(tmp_path), apns=None, fcm=None, smtp=None)

    with capture_logs() as said:
        async with open_channels(config, SystemClock()) as channels:
            on = set(channels)

    assert (on, said) == (set(), [])


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["gone", "no text"])
async def test_a_mail_password_that_cannot_be_read_turns_mail_off_with_one_line(
    tmp_path: Path, content: bytes | None
) -> None:
    config = lay_out(tmp_path)
    assert config.smtp is not None
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    config = replace(config, smtp=replace(config.smtp, username="hotel", password_file=file))

    with capture_logs() as said:
        async with open_channels(config, SystemClock()) as channels:
            on = set(channels)

    [fault] = [line["fault"] for line in said if line["channel"] == "smtp"]
    assert on == set()
    assert fault.startswith(f"{file}: ")
    assert fault.endswith("right would be a text file with the password")
