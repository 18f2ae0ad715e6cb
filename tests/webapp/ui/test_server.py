"""HTTP behaviour of the running server: limits, closed paths and start errors."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx

from tests.conftest import ROOT, Server, free_port, start_server


def post(server: Server, path: str, content: bytes, kind: str = "application/json") -> tuple[int, bytes]:
    """Return the status and body of a POST."""
    answer = httpx.post(server.url + path, content=content, headers={"Content-Type": kind}, timeout=60)
    return answer.status_code, answer.content


def get(server: Server, path: str) -> tuple[int, bytes]:
    """Return the status and body of a GET."""
    answer = httpx.get(server.url + path, timeout=60)
    return answer.status_code, answer.content


def test_large_bodies_are_refused(server: Server) -> None:
    status, body = post(server, "/gradio_api/upload", b"x" * 22_000_000, "multipart/form-data; boundary=b")
    assert status == 413
    assert b"larger" in body
    host, port = server.url.removeprefix("http://").split(":")
    # a body without Content-Length
    with socket.create_connection((host, int(port)), timeout=30) as connection:
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


def test_files_of_the_server_and_addresses_are_not_opened(server: Server) -> None:
    for target in ("/etc/passwd", str(server.database), str(ROOT / "app.py")):
        assert get(server, f"/gradio_api/file={target}")[0] in (403, 404), target
    assert get(server, "/gradio_api/file=http://127.0.0.1:1/")[0] != 200
    for name in ("analyse_image", "analyse_video"):
        for target in ("/etc/passwd", str(server.database), f"{server.url}/healthz"):
            data = {"data": [{"path": target, "meta": {"_type": "gradio.FileData"}}]}
            # no endpoint bypasses the queue
            assert post(server, f"/gradio_api/run/{name}", json.dumps(data).encode())[0] == 404
            status, event = post(server, f"/gradio_api/call/{name}", json.dumps(data).encode())
            if status == 200:
                events = get(server, f"/gradio_api/call/{name}/{json.loads(event)['event_id']}")[1]
                assert b"event: error" in events, events
                assert b"event: complete" not in events


def test_start_error_is_one_line(server: Server, tmp_path: Path, samples: Path) -> None:
    port = server.url.rsplit(":", 1)[1]
    for settings, message in (
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
        assert message in out
        assert "Traceback" not in out
