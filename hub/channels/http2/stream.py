"""What is known of one request that is under way?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.channels.http2.outcome import Http2Failed, Response

MAX_BODY: Final = 64 * 1024
# A provider's answer is a few hundred bytes. What goes beyond is not read: the status says enough.

Header = tuple[bytes, bytes]

_NOTHING: Final = memoryview(b"")


@dataclass(slots=True, kw_only=True)
class Stream:
    """One request and as much of its answer as has come."""

    answer: asyncio.Future[Response]
    unsent: memoryview = _NOTHING  # of the body, waiting for flow-control credit
    written: bool = False  # bytes of it were handed to the socket
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    def take_headers(self, headers: Sequence[Header]) -> None:
        """The answer's head has come."""
        for name, value in headers:
            if name == b":status":
                self.status = int(value) if value.isdigit() else 0
            else:
                self.headers[name.decode("ascii", "replace")] = value.decode("utf-8", "replace")

    def take_data(self, data: bytes) -> bool:
        """A piece of the answer's body has come; False when no more of it is wanted."""
        self.body += data[: MAX_BODY - len(self.body)]
        return len(self.body) < MAX_BODY

    def finish(self) -> None:
        """The answer is whole."""
        if not self.answer.done():
            self.answer.set_result(Response(status=self.status, headers=self.headers, body=bytes(self.body)))

    def fail(self, failure: Http2Failed) -> None:
        """No answer will come."""
        if not self.answer.done():
            self.answer.set_exception(failure)
