"""What can go wrong on a gateway?

GatewayError
  - ConfigError         gateway.toml, or a file that it names: exit code 2
  - ScannerUnavailable  nothing can be heard now; the watchdog tries again
  - BrokerUnavailable   nobody answers, or the broker refuses us; the uplink tries again
  - SpoolBroken         the spool's file cannot be used; a new one takes its place, or memory alone
"""

from __future__ import annotations


def said(fault: BaseException) -> str:
    """What a library's fault says, as a part of our own line: in lower case, and without the system's number."""
    return (getattr(fault, "strerror", None) or str(fault) or type(fault).__name__).lower().replace("\n", " ")


class GatewayError(Exception):
    """Any fault of the gateway; its text is one line, in lower case."""


class ConfigError(GatewayError):
    """A setting that cannot be used. Its text reads `file:line:column: where: found …; right would be …`."""


class ScannerUnavailable(GatewayError):
    """The adapter, BlueZ or the bus is not there, or would not scan."""


class BrokerUnavailable(GatewayError):
    """No session with the broker came about."""

    def __init__(self, text: str, *, other_version: bool = False) -> None:
        self.other_version = other_version  # it may be the MQTT version that the broker does not speak
        super().__init__(text)


class SpoolBroken(GatewayError):
    """What lies on the disk is no spool of ours, or the disk does not let us have one."""
