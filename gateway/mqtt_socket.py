"""How does the asyncio loop watch a socket that paho opens, in a thread, and closes when it likes?"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from typing import Any

from paho.mqtt.client import Client

from gateway.config import Broker


class SocketWatch:
    """Reads and writes for one client when its socket is ready. Made on the loop that is to watch."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._over = False
        client.on_socket_open = self._on_open
        client.on_socket_close = self._on_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write

    def end(self) -> None:
        """Watch no longer, and close what paho left open: its buffer was full, or no answer ever came."""
        self._over = True
        left = self._client.socket()
        if left is not None:
            self._forget(left)
            left.close()

    def _on_open(self, _client: Client, _data: object, opened: Any) -> None:  # noqa: ANN401  paho: a socket, or TLS over one
        # A sighting never waits until the broker has confirmed the packet before it: that can take 40 ms.
        opened.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._on_loop(lambda: self._watch(opened))

    def _watch(self, opened: socket) -> None:
        if self._over:  # nobody waits for it any longer
            opened.close()
        elif opened.fileno() >= 0:
            self._loop.add_reader(opened, self._read)

    def _read(self) -> None:
        """Read all there is: what TLS has decrypted already, no selector tells."""
        self._client.loop_read()
        while (read := self._client.socket()) is not None and getattr(read, "pending", int)():
            self._client.loop_read()

    def _on_close(self, _client: Client, _data: object, closing: Any) -> None:  # noqa: ANN401  the same
        self._forget(closing)

    def _on_register_write(self, _client: Client, _data: object, full: Any) -> None:  # noqa: ANN401  the same
        self._on_loop(lambda: self._watch_room(full))

    def _watch_room(self, full: socket) -> None:
        if full.fileno() >= 0 and self._client.want_write():
            self._loop.add_writer(full, self._client.loop_write)

    def _on_unregister_write(self, _client: Client, _data: object, free: Any) -> None:  # noqa: ANN401  the same
        if free.fileno() >= 0:
            self._loop.remove_writer(free)

    def _forget(self, closing: Any) -> None:  # noqa: ANN401  the same
        if closing.fileno() >= 0:
            self._loop.remove_reader(closing)
            self._loop.remove_writer(closing)

    def _on_loop(self, act: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed while the thread was connecting
            self._loop.call_soon_threadsafe(act)


class TlsSocket(ssl.SSLSocket):
    """Remembers what the other side said before it hung up: paho tells that to nobody."""

    said: str = ""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """As its base's."""
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as fault:
            self.said = (fault.reason or str(fault)).lower().replace("_", " ")
            raise


class Tls(ssl.SSLContext):
    """Remembers the socket that it wrapped: when the handshake fails, paho forgets to close it."""

    _last: ssl.SSLSocket | None = None
    sslsocket_class = TlsSocket

    @property
    def said(self) -> str:
        """What the broker said before it hung up; nothing where it said nothing."""
        return self._last.said if isinstance(self._last, TlsSocket) else ""

    def trust(self, broker: Broker) -> None:
        """Trust the CA that is named, or those of the system; show our certificate, if we have one."""
        if broker.ca_file is None:
            self.load_default_certs()
        else:
            self.load_verify_locations(broker.ca_file)
        if broker.cert_file is not None:
            self.load_cert_chain(broker.cert_file, broker.key_file)

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:  # noqa: ANN401  handed on as they are
        """As its base's."""
        self._last = super().wrap_socket(*args, **kwargs)
        return self._last

    def close_last(self) -> None:
        """Close what was wrapped last."""
        if self._last is not None:
            self._last.close()
