"""The HTTP contract, asked of the running application as other people's programs do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from sqlalchemy import create_engine, text

from laanet_core.cli import main
from tests.conftest import ROOT, Server, free_port, start_server
from tests.core.clips import write_clip, write_sound


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    asked = Client(server.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
    yield asked
    asked.close()


def predicted(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, Any]:
    main(["predict", "--json", "--device", "cpu", "--frames", "8", str(path)])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def post(server: Server, path: str, content: bytes, kind: str = "application/json") -> tuple[int, bytes]:
    answer = httpx.post(server.url + path, content=content, headers={"Content-Type": kind}, timeout=60)
    return answer.status_code, answer.content


def get(server: Server, path: str) -> tuple[int, bytes, Any]:
    answer = httpx.get(server.url + path, timeout=60)
    return answer.status_code, answer.content, answer.headers


@pytest.mark.parametrize("name", ["two_people.jpg", "astronaut.png"])
def test_pictures_are_judged_as_predict_judges_them(
    client: Client, capsys: pytest.CaptureFixture[str], samples: Path, name: str
) -> None:
    overlay, result = client.predict(handle_file(str(samples / name)), api_name="/analyse_image")
    expected = predicted(capsys, samples / name)
    for key in ("kind", "outcome", "verdict", "fake_prob", "faces", "model", "error"):
        assert result[key] == expected[key], key
    assert len(result["receipt"]) >= 43
    with Image.open(overlay) as drawn, Image.open(samples / name) as original:
        assert drawn.format == "PNG"
        assert drawn.size == original.size


def test_clips_are_judged_as_predict_judges_them(
    client: Client, capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    with Image.open(samples / "astronaut.png") as image:
        frames = [_pixels(image.rotate(2 * number)) for number in range(12)]
    clip = write_clip(tmp_path / "clip.mp4", frames)
    result, timeline = client.predict(handle_file(str(clip)), api_name="/analyse_video")
    expected = predicted(capsys, clip)
    for key in ("kind", "outcome", "verdict", "fake_prob", "faces", "tracks", "error"):
        assert result[key] == expected[key], key
    assert [(row["time"], row["fake_prob"]) for row in timeline] == [
        (face["time"], face["fake_prob"]) for face in expected["faces"]
    ]


def _pixels(image: Image.Image) -> Any:
    import numpy as np

    return np.asarray(image.convert("RGB").resize((256, 256)))


def test_bad_files_are_answered_by_code_and_the_next_one_works(
    client: Client, samples: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes((samples / "two_people.jpg").read_bytes()[:50_000])
    words = tmp_path / "words.jpg"
    words.write_text("no picture")
    dot = tmp_path / "dot.png"
    Image.new("RGB", (1, 1)).save(dot)
    grey = tmp_path / "grey.png"
    Image.new("RGB", (90, 90), "grey").save(grey)
    empty = tmp_path / "empty.png"
    empty.touch()
    codes = {cut: "corrupt_image", words: "unsupported_type", dot: "image_too_small", empty: "empty_file"}
    for path, code in codes.items():
        overlay, result = client.predict(handle_file(str(path)), api_name="/analyse_image")
        assert overlay is None
        assert (result["outcome"], result["error"]["code"]) == ("rejected", code)
    assert client.predict(handle_file(str(grey)), api_name="/analyse_image")[1]["outcome"] == "no_face"
    sound = write_sound(tmp_path / "sound.mp4")
    result, timeline = client.predict(handle_file(str(sound)), api_name="/analyse_video")
    assert (result["error"]["code"], timeline) == ("no_frames", [])
    swapped, _ = client.predict(handle_file(str(samples / "astronaut.png")), api_name="/analyse_video")
    assert swapped["error"]["code"] == "unsupported_type"
    assert (
        client.predict(handle_file(str(samples / "astronaut.png")), api_name="/analyse_image")[1]["outcome"]
        == "verdict"
    )


def test_votes_reach_the_database(client: Client, server: Server, samples: Path) -> None:
    _, result = client.predict(handle_file(str(samples / "astronaut.png")), api_name="/analyse_image")
    vote = (result["receipt"], 1, "disagree", "<img src=x onerror=alert(1)>", "key-of-this-test")
    assert client.predict(*vote, api_name="/submit_feedback") == {
        "stored": True,
        "repeated": False,
        "error": None,
    }
    assert client.predict(*vote, api_name="/submit_feedback") == {
        "stored": True,
        "repeated": True,
        "error": None,
    }
    for face in (1.4, 0.5, "1", True):
        refused = client.predict(
            result["receipt"], face, "agree", "", "key-of-no-face", api_name="/submit_feedback"
        )
        assert (refused["stored"], refused["error"]["code"]) == (False, "unknown_face"), face
    refused = client.predict("guess", 0, "agree", "", "another-key", api_name="/submit_feedback")
    assert (refused["stored"], refused["error"]["code"]) == (False, "unknown_receipt")
    engine = create_engine(f"sqlite:///{server.database}")
    with engine.connect() as connection:
        query = "SELECT subject, vote, note FROM feedback WHERE idempotency_key = 'key-of-this-test'"
        assert connection.execute(text(query)).all() == [(1, "disagree", "<img src=x onerror=alert(1)>")]
    engine.dispose()


def test_an_overlay_goes_with_its_result(client: Client, server: Server, samples: Path) -> None:
    before = set(server.cache.rglob("*.png"))  # other tests asked the same server
    overlay, result = client.predict(handle_file(str(samples / "astronaut.png")), api_name="/analyse_image")
    assert Path(overlay if isinstance(overlay, str) else overlay["path"]).exists()
    (laid_down,) = set(server.cache.rglob("overlay.png")) - before
    assert client.predict(result["receipt"], api_name="/delete") == {"deleted": True, "error": None}
    assert not laid_down.exists()
    assert not set(server.cache.rglob("*.png")) - before - set(server.cache.rglob("upload"))


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


def test_no_file_of_the_server_and_no_address_is_opened(server: Server) -> None:
    for target in ("/etc/passwd", str(server.database), str(ROOT / "app.py")):
        assert get(server, f"/gradio_api/file={target}")[0] in (403, 404), target
    assert get(server, "/gradio_api/file=http://127.0.0.1:1/")[0] != 200
    for name in ("analyse_image", "analyse_video"):
        for target in ("/etc/passwd", str(server.database), f"{server.url}/healthz"):
            data = {"data": [{"path": target, "meta": {"_type": "gradio.FileData"}}]}
            assert (
                post(server, f"/gradio_api/run/{name}", json.dumps(data).encode())[0] == 404
            )  # the queue cannot be passed by
            status, begun = post(server, f"/gradio_api/call/{name}", json.dumps(data).encode())
            if status == 200:
                events = get(server, f"/gradio_api/call/{name}/{json.loads(begun)['event_id']}")[1]
                assert b"event: error" in events, events
                assert b"event: complete" not in events


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


def test_no_file_is_an_error_with_a_code(client: Client) -> None:
    assert client.predict(None, api_name="/analyse_image")[1]["error"]["code"] == "missing_file"
    assert client.predict(None, api_name="/analyse_video")[0]["error"]["code"] == "missing_file"
