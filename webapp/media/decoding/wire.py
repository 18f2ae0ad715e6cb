"""What server and worker say to each other: one JSON object a line over a Unix socket, open files beside it.

The worker may have been taken over by the file it read: the server believes nothing of a message before it has looked at it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

MAX_BYTES = 4096  # of a message
Message = dict[str, Any]


class Garbled(Exception):
    """What came is no message."""


def send(channel: socket.socket, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
    """Raises OSError when nobody is at the other end."""
    line = json.dumps(message).encode() + b"\n"
    if len(line) > MAX_BYTES:
        raise ValueError(f"a message of {len(line)} bytes is too long")
    sent = socket.send_fds(channel, [line], files) if files else 0
    channel.sendall(line[sent:])


class Inbox:
    """Messages as they come in on a channel, and with `files` the open files that came with them."""

    def __init__(self, channel: socket.socket, *, files: int = 0) -> None:
        self._channel = channel
        self._most_files = files
        self._received = b""
        self.files: list[int] = []

    def receive(self) -> Message | None:
        """The next message; None when the other end is closed. Raises Garbled, TimeoutError by the channel's timeout, OSError."""
        while b"\n" not in self._received:
            if len(self._received) >= MAX_BYTES:
                raise Garbled("a message without an end")
            content = self._read()
            if not content:
                return None
            self._received += content
        line, _, self._received = self._received.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Garbled("a message that is no JSON") from error
        if not isinstance(message, dict):
            raise Garbled("a message that is no object")
        return message

    def _read(self) -> bytes:
        if not self._most_files:
            return self._channel.recv(MAX_BYTES)  # open files that come with it are closed by the kernel
        content, files, _, _ = socket.recv_fds(self._channel, MAX_BYTES, self._most_files)
        self.files.extend(files)
        return content
