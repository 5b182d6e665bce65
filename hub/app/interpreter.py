"""What does a hub ask of Python itself, and of the kernel that runs it, so that a push is not kept waiting by them?"""

from __future__ import annotations

import gc
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.errors import HubError

SWITCH_S: Final = 0.0005
# The store's thread asks for the interpreter after each statement, and a busy event loop lets it wait for so long. With
# Python's own 5 ms, a guest's push left twice as late.

COLLECT_EVERY: Final = 20_000
# Objects that came and did not go: a decision leaves hardly one. With Python's own 700, looking for garbage was a tenth
# of a message's work.

LATENCY: Final = Path("/dev/cpu_dma_latency")
AT_ONCE: Final = struct.pack("i", 0)
# Linux's PM QoS (Documentation/power/pm_qos_interface.rst): while a process holds the device open, idle cores come back
# within the microseconds that it wrote there, a signed int of 32 bits. With 0 they do not fall asleep.


def prepare_interpreter() -> None:
    """Once, in the process that runs a hub, when its modules are loaded: they are never looked through for garbage."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 10, 10)


def bind_to(core: int) -> None:
    """Have this process run on one core. Threads that run already stay where they are: before any has begun, then.

    Raises HubError when the system does not let it.
    """
    try:
        os.sched_setaffinity(0, {core})
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        right = "a service that may call sched_setaffinity, or no core"
        raise HubError(f"[hub] core: found {core}, {why}; right would be {right}") from exc


@contextmanager
def kept_awake(device: Path = LATENCY) -> Iterator[None]:
    """While the block runs, no core of this machine falls asleep. Raises HubError when the system does not let it.

    On its way from a sighting to a push, a message is handed on some eight times, between cores that had nothing to do.
    Each takes tens of microseconds to come back, and comes back with cold caches.
    """
    try:
        held = os.open(device, os.O_WRONLY | os.O_CLOEXEC)
        os.write(held, AT_ONCE)
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        right = f"a service that may write to {device}, or no awake"
        raise HubError(f"[hub] awake: found true, {why}; right would be {right}") from exc
    try:
        yield
    finally:
        os.close(held)
