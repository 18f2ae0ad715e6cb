"""Messages between server and worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from webapp.media.decoding.protocol import MAX_BYTES, ProtocolError, Receiver, send


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a channel."""
    first, second = socket.socketpair()
    with first, second:
        second.settimeout(1)
        yield first, second


def test_messages_arrive_in_order(ends: tuple[socket.socket, socket.socket]) -> None:
    receiver = Receiver(ends[1])
    for number in range(3):
        send(ends[0], {"number": number})
    assert [receiver.receive() for _ in range(3)] == [{"number": 0}, {"number": 1}, {"number": 2}]
    ends[0].close()
    assert receiver.receive() is None


def test_descriptors_arrive_with_their_message(ends: tuple[socket.socket, socket.socket]) -> None:
    inner, outer = os.pipe()
    receiver = Receiver(ends[1], files=2)
    send(ends[0], {"do": "image"}, [inner])
    os.close(inner)
    assert receiver.receive() == {"do": "image"}
    (file,) = receiver.files
    os.write(outer, b"content")
    assert os.read(file, 10) == b"content"
    os.close(file)
    os.close(outer)


@pytest.mark.parametrize("content", [b"no json\n", b"[1]\n", b"\xff\n", b"x" * (MAX_BYTES + 1)])
def test_malformed_message_is_refused(ends: tuple[socket.socket, socket.socket], content: bytes) -> None:
    ends[0].sendall(content)
    with pytest.raises(ProtocolError):
        Receiver(ends[1]).receive()


def test_long_message_is_not_sent(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(ValueError, match="too long"):
        send(ends[0], {"text": "x" * MAX_BYTES})


def test_silence_ends_with_a_timeout(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].settimeout(0.05)
    with pytest.raises(TimeoutError):
        Receiver(ends[1]).receive()
