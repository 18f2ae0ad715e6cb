"""Tests of the endpoints of the Gradio client, called over HTTP as other programs do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from sqlalchemy import create_engine, text

from laanet_core.cli import main
from tests.conftest import ROOT, Server
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


def test_no_file_is_an_error_with_a_code(client: Client) -> None:
    assert client.predict(None, api_name="/analyse_image")[1]["error"]["code"] == "missing_file"
    assert client.predict(None, api_name="/analyse_video")[0]["error"]["code"] == "missing_file"
