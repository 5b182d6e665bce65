"""A D-Bus of our own, where nobody else's Bluetooth can be heard."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

from firmware_sim.errors import BusUnavailable

CONFIG: Final = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_message_size">1000000000</limit>
</busconfig>
"""
# The limits are a session bus's: a system bus would cut off a slow listener under a flood, and the flood is ours.

STOP_WAIT_S: Final = 5.0  # dbus-daemon stops in milliseconds; one that does not is killed
START_WAIT_S: Final = 10.0  # the same, on a machine that is busy


class PrivateBus:
    """One dbus-daemon in a temporary folder; it can be stopped and started again on the same address."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="innkeeper-bus-")
        try:
            await self.start()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._folder is not None:
            self._folder.cleanup()

    async def start(self) -> None:
        """Start the daemon, and return when it listens.

        Raises:
            BusUnavailable: dbus-daemon is not installed, or does not start.
        """
        program = shutil.which("dbus-daemon")
        if program is None:
            raise BusUnavailable("dbus-daemon: not installed; `make services` (root) installs it")
        if self._folder is None:
            raise BusUnavailable("private bus: not opened; open it with `async with`")
        config = self._write_config(Path(self._folder.name))
        self._process = await asyncio.create_subprocess_exec(
            program,
            f"--config-file={config}",
            "--nofork",
            "--nopidfile",
            "--print-address=1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it complains of the file limits of whoever is not root
            start_new_session=True,  # Ctrl-C is for the programs on the bus first
        )
        line = await self._first_line(self._process)
        if not line:
            await self.stop()
            raise BusUnavailable(f"dbus-daemon: did not start with {config}")
        self.address = line.split(",guid=")[0]

    async def stop(self) -> None:
        """Stop the daemon; every connection to it breaks."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_WAIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @staticmethod
    def _write_config(folder: Path) -> Path:
        config = folder / "bus.conf"
        config.write_text(CONFIG.format(socket=folder / "bus"))
        return config

    @staticmethod
    async def _first_line(process: asyncio.subprocess.Process) -> str:
        if process.stdout is None:
            return ""
        try:
            async with asyncio.timeout(START_WAIT_S):
                return (await process.stdout.readline()).decode().strip()
        except TimeoutError:
            return ""


@asynccontextmanager
async def private_bus() -> AsyncIterator[str]:
    """Start a D-Bus of our own and yield its address.

    Raises:
        BusUnavailable: dbus-daemon is not installed, or does not start.
    """
    async with PrivateBus() as bus:
        yield bus.address
