"""Which ports on loopback may a test give to what it starts later?

The kernel would hand out any port, and before it is listened on perhaps hand it out again: to a connection that
leaves, or to another worker. So each worker has a range of its own, below the kernel's, and goes round in it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import count
from typing import Final

FIRST: Final = 12_000  # the kernel's own begin at 32,768
WORKERS: Final = 8
OF_EACH: Final = 2_500  # a worker takes a thousand in a run


def free_ports(wanted: int) -> list[int]:
    """So many ports in a row, free now, that nobody else is given."""
    while True:
        ports = [next(_turns) for _ in range(wanted)]
        if ports[-1] - ports[0] == wanted - 1 and _are_free(ports):
            return ports


def _are_free(ports: list[int]) -> bool:
    with ExitStack() as held, suppress(OSError):
        for port in ports:
            held.enter_context(socket.create_server(("127.0.0.1", port)))
        return True
    return False


def _round() -> Iterator[int]:
    """The worker's ports, over and over; another run beside this one begins elsewhere."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    for turn in count(os.getpid()):
        yield FIRST + worker * OF_EACH + turn % OF_EACH


_turns: Final = _round()
