"""Tests of connections that close when their client sends no complete request in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.conftest import free_port
from webapp.ui.gradio_patches.connections import TimedConnection


class _ImpatientConnection(TimedConnection):
    header_seconds = 0.5
    body_seconds = 0.5


async def _count_bytes(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    application = Starlette(routes=[Route("/", _count_bytes, methods=["POST"])])
    number = free_port()
    config = uvicorn.Config(
        application, host="127.0.0.1", port=number, http=_ImpatientConnection, log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield number
    server.should_exit = True
    thread.join(timeout=10)


def answer(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send parts with pauses between them; return everything until the server closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        while chunk := connection.recv(65536):
            received += chunk
    return received


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_endless_chunk_is_answered_and_the_connection_closes(port: int) -> None:
    assert answer(port, CHUNKED + b"%x\r\nabc" % 2**72).startswith(b"HTTP/1.1 408")


def test_chunk_whose_size_has_too_many_digits_is_refused(port: int) -> None:
    assert answer(port, CHUNKED + b"1" * 100 + b"\r\nabc").startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "start", [b"\x16\x03\x01\x02\x00\x01\xfc", b"GARBAGE", b"POST / HTTP/1.1\r\nHost", b""]
)
def test_connection_without_a_request_closes(port: int, start: bytes) -> None:
    answer(port, start)


def test_trickling_headers_do_not_extend_the_time(port: int) -> None:
    started = time.monotonic()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        answer(port, b"POST / HTTP/1.1\r\n", *[b"X: y\r\n"] * 200, pause=0.1)
    assert time.monotonic() - started < 15


def test_slow_but_steady_body_is_received(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
    received = answer(port, head, *[b"x"] * 8, pause=0.15)
    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"8")


def test_second_request_of_a_connection_is_answered(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
    assert answer(port, request, request, pause=0.2).count(b"HTTP/1.1 200") == 2
