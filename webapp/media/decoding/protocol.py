"""Protocol between server and worker: JSON lines over a Unix socket, with file descriptors attached.

A malicious file may have taken over the worker, so the server validates every message.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

# Bytes of a message.
MAX_BYTES = 4096
Message = dict[str, Any]


class ProtocolError(Exception):
    """Received bytes that are no message."""


def send(channel: socket.socket, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
    """Send a message with file descriptors. Raises OSError if the other end is closed."""
    line = json.dumps(message).encode() + b"\n"
    if len(line) > MAX_BYTES:
        raise ValueError(f"a message of {len(line)} bytes is too long")
    sent = socket.send_fds(channel, [line], files) if files else 0
    channel.sendall(line[sent:])


class Receiver:
    """Receiving end of a channel. `files` collects at most so many descriptors as come with the messages."""

    def __init__(self, channel: socket.socket, *, files: int = 0) -> None:
        self._channel = channel
        self._max_files = files
        self._received = b""
        self.files: list[int] = []

    def receive(self) -> Message | None:
        """Return the next message; None if the other end is closed.

        Raises ProtocolError, OSError and, after the channel's timeout, TimeoutError.
        """
        while b"\n" not in self._received:
            if len(self._received) >= MAX_BYTES:
                raise ProtocolError("a message without an end")
            content = self._read()
            if not content:
                return None
            self._received += content
        line, _, self._received = self._received.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ProtocolError("a message that is no JSON") from error
        if not isinstance(message, dict):
            raise ProtocolError("a message that is no object")
        return message

    def _read(self) -> bytes:
        if not self._max_files:
            # The kernel closes descriptors that are not received.
            return self._channel.recv(MAX_BYTES)
        content, files, _, _ = socket.recv_fds(self._channel, MAX_BYTES, self._max_files)
        self.files.extend(files)
        return content
