"""Tests of receiving files."""

from __future__ import annotations

import socket

import httpx
import pytest

from tests.conftest import Server
from tests.webapp.ui.rest.conftest import error_of, wait_until_no_uploads
from tests.webapp.ui.rest.openapi_check import API
from webapp.domain.errors import Refused
from webapp.ui.rest.uploads import parse_consent


def test_large_files_are_refused_with_or_without_a_length(http: httpx.Client, server: Server) -> None:
    assert error_of(http.post("/analyse", content=b"x" * 22_000_000)) == (413, "too_large")
    host, port = server.url.removeprefix("http://").split(":")
    for kind in ("application/octet-stream", "multipart/form-data; boundary=b"):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            head = f"POST {API}/analyse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            connection.sendall(f"{head}Content-Type: {kind}\r\n\r\n".encode())
            start = (
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
                if "multipart" in kind
                else b"y"
            )
            connection.sendall(b"%x\r\n%s\r\n" % (len(start), start))
            chunk = b"10000\r\n" + b"y" * 0x10000 + b"\r\n"
            try:
                for _ in range(400):
                    connection.sendall(chunk)
                answer = connection.recv(100)
            except (BrokenPipeError, ConnectionResetError):
                answer = b""
        assert not answer or answer.startswith(b"HTTP/1.1 413")
    wait_until_no_uploads(server.cache)
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_uploads_under_way_are_not_served(server: Server) -> None:
    left = server.cache / "api" / "left"
    left.parent.mkdir(exist_ok=True)
    left.write_text("a visitor's file")
    assert httpx.get(f"{server.url}/gradio_api/file={left}").status_code in (403, 404)
    left.unlink()


@pytest.mark.parametrize(
    ("value", "consent"), [("true", True), (" YES ", True), ("1", True), ("false", False), ("", False)]
)
def test_only_a_plain_yes_is_consent(value: str, consent: bool) -> None:
    assert parse_consent(value) is consent


@pytest.mark.parametrize("value", ["maybe", "truely", None, b"true"])
def test_an_unclear_consent_is_refused(value: object) -> None:
    with pytest.raises(Refused) as refusal:
        parse_consent(value)
    assert refusal.value.code == "invalid_consent"
