"""How does a simulated provider serve HTTP/1.1, for the token endpoint and the control port? h11 does the talking."""

from __future__ import annotations

import asyncio
from typing import Final, cast

import h11

from firmware_sim.providers.message import Answer, Ending, Reply, Request

MAX_BODY: Final = 1024 * 1024  # bytes; a request is a few hundred


class Http1Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._h11 = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._h11.receive_data(data)
        self._read()

    def _read(self) -> None:
        try:
            while True:
                event = self._h11.next_event()
                if isinstance(event, h11.Request):
                    self._head, self._body = event, bytearray()
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > MAX_BODY:
                        self._transport.abort()
                        return
                elif isinstance(event, h11.EndOfMessage):
                    self._serve()
                else:
                    return
        except h11.RemoteProtocolError:
            self._transport.close()

    def _serve(self) -> None:
        head = self._head
        if head is None:
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        path, _, _query = head.target.decode().partition("?")
        request = Request(method=head.method.decode(), path=path, headers=headers, body=bytes(self._body))
        reply = self._answer(request)
        asyncio.get_running_loop().call_later(reply.delay.total_seconds(), self._send, reply)

    def _send(self, reply: Reply) -> None:
        if reply.ending in (Ending.CUT, Ending.RESET):
            self._transport.abort()
            return
        if reply.ending is Ending.HANG or self._transport.is_closing():
            return
        headers = [*reply.headers.items(), ("content-length", str(len(reply.body)))]
        for event in (
            h11.Response(status_code=reply.status, headers=headers),
            h11.Data(data=reply.body),
            h11.EndOfMessage(),
        ):
            self._transport.write(self._h11.send(event) or b"")
        if self._h11.our_state is h11.MUST_CLOSE:
            self._transport.close()
        elif self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            self._read()


class ByAlpn(asyncio.Protocol):
    """HTTP/2 or HTTP/1.1, as the TLS handshake agreed."""

    def __init__(self, http2: asyncio.Protocol, http1: asyncio.Protocol) -> None:
        self._http2 = http2
        self._http1 = http1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is done."""
        spoken = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        chosen = self._http2 if spoken == "h2" else self._http1
        transport.set_protocol(chosen)
        chosen.connection_made(transport)
