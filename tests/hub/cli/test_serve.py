"""`innkeeper hub` as a process of its own: what hub.toml asks of the whole of it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fakes.ports import free_ports
from tests.fakes.programs import finished, programs


def test_every_thread_of_a_hub_that_is_bound_runs_on_its_core(tmp_path: Path) -> None:
    core = max(os.sched_getaffinity(0))
    assert finished("innkeeper", "init", "hotel", tmp_path / "hotel").returncode == 0
    config = tmp_path / "hotel/hub.toml"
    listen = f'listen = "127.0.0.1:{free_ports(1)[0]}"\ncore = {core}'
    config.write_text(config.read_text().replace('listen = "127.0.0.1:8080"', listen))

    with programs(tmp_path) as run:
        hub = run.start("hub", "innkeeper", "hub", "--config", config)
        hub.says("The hub is ready")
        threads = [int(each.name) for each in Path(f"/proc/{hub.process.pid}/task").iterdir()]

        assert len(threads) > 1  # the store has its own
        assert [os.sched_getaffinity(thread) for thread in threads] == [{core}] * len(threads)
