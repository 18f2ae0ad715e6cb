"""HTTP connections that close when their client sends no complete request in time."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http import auto
from uvicorn.protocols.http.h11_impl import H11Protocol


class TimedConnection(H11Protocol):
    """uvicorn's connection with time limits for the request: uvicorn itself waits forever.

    A connection without complete headers in time is closed. A body that stops, such as one whose chunk never
    ends, is answered with 408 if no response has begun.

    `header_seconds`: time for first line and headers, from the connection or the previous response on.
    `body_seconds`: time without any byte of a body that the server waits for.
    """

    header_seconds = 30.0
    body_seconds = 60.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._awaits_headers = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._cancel_timer()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Start the time limit of what the client must send next. More headers do not extend it."""
        state = self.conn.their_state
        awaits_headers = state is h11.IDLE
        if awaits_headers and self._awaits_headers and self._timer is not None:
            return
        self._cancel_timer()
        self._awaits_headers = awaits_headers
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if awaits_headers:
            self._timer = self.loop.call_later(self.header_seconds, self._close)
        elif state is h11.SEND_BODY:
            self._timer = self.loop.call_later(self.body_seconds, self._close_body)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_body(self) -> None:
        """Close the connection, unless this server has stopped reading because it still works on the body."""
        self._timer = None
        if self.flow.read_paused:
            self._watch()
            return
        self._close()

    def _close(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            if self.conn.our_state is h11.SEND_RESPONSE:
                headers = [(b"content-length", b"0"), (b"connection", b"close")]
                self.transport.write(self.conn.send(h11.Response(status_code=408, headers=headers)) or b"")
                self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
            self.transport.close()


def limit_request_times() -> None:
    """Let every server that uvicorn starts from now on use TimedConnection."""
    auto.AutoHTTPProtocol = TimedConnection
