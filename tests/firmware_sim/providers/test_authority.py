from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from firmware_sim.providers.authority import BadDirectory, lay_out
from firmware_sim.providers.clock import utc_now


def test_a_directory_that_was_laid_out_keeps_its_keys_and_certificates(tmp_path: Path) -> None:
    lay_out(tmp_path, port=4000, now=utc_now)
    before = {name: (tmp_path / name).read_bytes() for name in ("ca.pem", "apns.p8", "fcm.key", "server.pem")}

    lay_out(tmp_path, port=5000, now=utc_now)

    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert "https://127.0.0.1:5001" in (tmp_path / "hub.toml.part").read_text()


def test_a_certificate_that_has_run_out_is_made_anew(tmp_path: Path) -> None:
    lay_out(tmp_path, port=4000, now=utc_now)
    before = (tmp_path / "server.pem").read_bytes()

    lay_out(tmp_path, port=4000, now=lambda: utc_now() + timedelta(days=365))

    assert (tmp_path / "server.pem").read_bytes() != before


@pytest.mark.parametrize("content", ["", "no key"])
def test_a_key_file_with_something_else_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "apns.p8").write_text(content)

    with pytest.raises(BadDirectory, match=r"apns\.p8: found no PEM key"):
        lay_out(tmp_path, port=4000, now=utc_now)
