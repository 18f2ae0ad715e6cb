"""Tests of the running server: health, limits of request bodies, and refused settings."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import Server, free_port, start_server


def post(server: Server, path: str, content: bytes, kind: str = "application/json") -> tuple[int, bytes]:
    answer = httpx.post(server.url + path, content=content, headers={"Content-Type": kind}, timeout=60)
    return answer.status_code, answer.content


def get(server: Server, path: str) -> tuple[int, bytes, Any]:
    answer = httpx.get(server.url + path, timeout=60)
    return answer.status_code, answer.content, answer.headers


def test_health_says_who_answers(server: Server) -> None:
    status, body, headers = get(server, "/healthz")
    state = json.loads(body)
    assert status == 200
    assert (state["status"], state["database"], state["queue_length"]) == ("ok", "ok", 0)
    assert set(state["model"]) == {"name", "version", "sha256"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors" in headers["Content-Security-Policy"]


def test_large_bodies_are_refused(server: Server) -> None:
    status, body = post(server, "/gradio_api/upload", b"x" * 22_000_000, "multipart/form-data; boundary=b")
    assert status == 413
    assert b"larger" in body
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection(
        (host, int(port)), timeout=30
    ) as connection:  # a body whose size is not announced
        connection.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        chunk = b"100000\r\n" + b"y" * 0x100000 + b"\r\n"
        try:
            for _ in range(30):
                connection.sendall(chunk)
            answer = connection.recv(100)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 200")
    assert get(server, "/healthz")[0] == 200


def test_a_port_in_use_and_impossible_settings_are_said_in_one_line(
    server: Server, tmp_path: Path, samples: Path
) -> None:
    port = server.url.rsplit(":", 1)[1]
    for settings, words in (
        ({"LENS_PORT": port}, f"{port} is in use"),
        ({"LENS_PORT": "many"}, "LENS_PORT must be"),
        (
            {"LENS_PORT": str(free_port()), "LENS_HOST": "192.0.2.1"},
            "error: cannot listen at 192.0.2.1",
        ),
        (
            {"LENS_PORT": str(free_port()), "LENS_DATA": str(samples / "astronaut.png" / "data")},
            "error: file_unavailable",
        ),
        ({"LENS_PORT": str(free_port()), "LENS_WEIGHTS": "nowhere"}, "error: invalid_weights"),
    ):
        process = start_server(tmp_path, **settings)
        assert process.wait(timeout=120) == 1
        out = (tmp_path / "log").read_text()
        assert words in out
        assert "Traceback" not in out
