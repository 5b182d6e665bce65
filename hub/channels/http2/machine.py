"""How does h2 go on with the streams that are under way when the peer says GOAWAY?

It does not: it closes its whole state machine, so that answers which the peer still sends are lost. RFC 9113 6.8 lets
streams up to the last stream id finish. So this one method of h2 is overridden, which is why h2 is pinned; the test
beside it fails when h2 changes what it relies on.

Two things are done in another way for speed. Counting open streams: h2 walks over all of them before it opens another.
And a request that fits into two frames is written by us: h2 makes eighty calls of it, which after a moment's rest take
a sixth of a millisecond. A test holds the bytes, and what h2 then knows of the stream, against its own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from typing import Final

from h2.config import H2Configuration
from h2.connection import AllowedStreamIDs, ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, Event
from h2.stream import StreamState
from hpack import Encoder, HeaderTuple
from hpack.hpack import encode_integer
from hyperframe.frame import Frame, GoAwayFrame

Text = bytes | str

# RFC 7541, 6: how a header's first byte says what follows.
NEVER_INDEXED: Final = b"\x10"
IN_THE_TABLE: Final = 0x80
SHORT: Final = 127  # bytes: a text's length is one byte up to here

# RFC 9113, 4.1 and 6: a frame's length (of 24 bits, here in two parts), type, flags, stream; and its types and flags.
_FRAME: Final = struct.Struct(">BHBBL")
_DATA, _HEADERS = 0x0, 0x1
_END_STREAM, _END_HEADERS = 0x1, 0x4
_AROUND: Final = 16  # bytes that a header takes besides its texts, at the most: its kind, and two lengths


class PlainEncoder(Encoder):
    """Writes header texts as they are: Huffman's code would save 40 bytes a push and cost both ends a tenth of it.

    What every request repeats is one byte in both ends' table; it is looked up there once, and again when that changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[tuple[Text, Text], bytes] = {}  # headers that the table holds, as they are written

    def encode(
        self,
        headers: Iterable[HeaderTuple | tuple[Text, Text] | tuple[Text, Text, bool | None]] | dict[Text, Text],
        huffman: bool = False,  # noqa: FBT001, FBT002  hpack's signature
    ) -> bytes:
        """As hpack's, without Huffman's code."""
        if not isinstance(headers, list):  # h2 has made it one
            self._written.clear()
            return super().encode(headers, huffman=huffman)
        resized = b""
        if self.header_table.resized:
            self._written.clear()
            resized = super().encode([])  # that alone
        return resized + b"".join([self._one(header) for header in headers])

    def _one(self, header: tuple[bytes, bytes]) -> bytes:
        if isinstance(header, HeaderTuple) and not header.indexable:
            return NEVER_INDEXED + _text(header[0]) + _text(header[1])
        written = self._written.get(header)
        if written is None:
            written = self.add(header, sensitive=False)
            if written[0] & IN_THE_TABLE:
                self._written[header] = written
            else:
                self._written.clear()  # it is put into the table: the others' places move
        return written


def _text(text: bytes) -> bytes:
    return bytes(encode_integer(len(text), 7)) + text if len(text) >= SHORT else bytes((len(text),)) + text


class PatientConnection(H2Connection):
    """A client's connection that outlives a GOAWAY until its streams have finished."""

    def __init__(self) -> None:
        super().__init__(
            H2Configuration(
                client_side=True,
                header_encoding=None,
                # Our headers are written by us, in lower case, and the peer's are read by name only: a fifth of the
                # time of a request went into looking at each again.
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self.encoder = PlainEncoder()
        self.opened = 0  # streams that the owner has under way; the owner counts

    @property
    def open_outbound_streams(self) -> int:
        """How many streams are open, as their owner counts."""
        return self.opened

    def send_request(self, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> int | None:
        """Open a stream with a whole POST; its id. None, and nothing is done, where that takes more than two frames.

        Raises NoAvailableStreamIDError.
        """
        if not self._takes_whole(headers, body):
            return None
        stream_id = self.get_next_available_stream_id()
        stream = self._begin_new_stream(stream_id, AllowedStreamIDs.ODD)
        stream.request_method = b"POST"
        stream.outbound_flow_control_window -= len(body)
        self.outbound_flow_control_window -= len(body)
        known = stream.state_machine
        known.client = known.headers_sent = True
        known.state = StreamState.HALF_CLOSED_LOCAL
        block = self.encoder.encode(headers)
        self._data_to_send += b"".join(
            (
                _frame_head(_HEADERS, _END_HEADERS, stream_id, len(block)),
                block,
                _frame_head(_DATA, _END_STREAM, stream_id, len(body)),
                body,
            )
        )
        return stream_id

    def _takes_whole(self, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Is the connection past its greeting, and is there room for both frames, by size and by credit?"""
        credit = min(self.outbound_flow_control_window, self.remote_settings.initial_window_size)
        return (
            self.state_machine.state is ConnectionState.CLIENT_OPEN
            and 0 < len(body) <= min(credit, self.max_outbound_frame_size)
            and sum([len(name) + len(value) + _AROUND for name, value in headers]) <= self.max_outbound_frame_size
            and self.opened < self.remote_settings.max_concurrent_streams
        )

    def forget_closed_streams(self) -> None:
        """Let go of what h2 keeps of streams that have ended."""
        self._open_streams(1)

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        """Tell of the GOAWAY, and change no state."""
        event = ConnectionTerminated()
        try:
            event.error_code = ErrorCodes(frame.error_code)
        except ValueError:
            event.error_code = frame.error_code
        event.last_stream_id = frame.last_stream_id
        event.additional_data = frame.additional_data or None
        return [], [event]


def _frame_head(kind: int, flags: int, stream_id: int, length: int) -> bytes:
    return _FRAME.pack(length >> 16, length & 0xFFFF, kind, flags, stream_id)


def error_name(code: ErrorCodes | int | None) -> str:
    """An error code in words."""
    return code.name if isinstance(code, ErrorCodes) else f"code {code}"


def said(words: bytes | None) -> str:
    """What the peer added to its GOAWAY, for the record: short, and one line."""
    text = re.sub(r"[^ -~]", "", (words or b"")[:80].decode("ascii", "replace"))
    return f" {text}" if text else ""
