"""Named Gradio endpoints of the running server, called by gradio_client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from sqlalchemy import create_engine, text

from laanet_core.cli import main
from laanet_core.types import RGBImage
from tests.conftest import Server
from tests.core.clips import write_clip, write_sound


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Yield a client of the shared server."""
    client = Client(server.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
    yield client
    client.close()


def predicted(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, Any]:
    """Return the output of `predict --json` for a file."""
    main(["predict", "--json", "--device", "cpu", "--frames", "8", str(path)])
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


@pytest.mark.parametrize("name", ["two_people.jpg", "astronaut.png"])
def test_image_result_equals_that_of_predict(
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


def test_video_result_equals_that_of_predict(
    client: Client, capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    with Image.open(samples / "astronaut.png") as image:
        frames = [small_rgb(image.rotate(2 * number)) for number in range(12)]
    clip = write_clip(tmp_path / "clip.mp4", frames)
    result, timeline = client.predict(handle_file(str(clip)), api_name="/analyse_video")
    expected = predicted(capsys, clip)
    for key in ("kind", "outcome", "verdict", "fake_prob", "faces", "tracks", "error"):
        assert result[key] == expected[key], key
    assert [(row["time"], row["fake_prob"]) for row in timeline] == [
        (face["time"], face["fake_prob"]) for face in expected["faces"]
    ]


def small_rgb(image: Image.Image) -> RGBImage:
    """Return the image as (256, 256, 3) uint8 RGB."""
    return np.asarray(image.convert("RGB").resize((256, 256)))


def test_bad_file_is_rejected_with_a_code_and_the_next_file_works(
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


def test_vote_is_stored_once(client: Client, server: Server, samples: Path) -> None:
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


def test_overlay_is_deleted_with_its_result(client: Client, server: Server, samples: Path) -> None:
    # other tests use the same server
    before = set(server.cache.rglob("*.png"))
    overlay, result = client.predict(handle_file(str(samples / "astronaut.png")), api_name="/analyse_image")
    assert Path(overlay if isinstance(overlay, str) else overlay["path"]).exists()
    (stored_overlay,) = set(server.cache.rglob("overlay.png")) - before
    assert client.predict(result["receipt"], api_name="/delete") == {"deleted": True, "error": None}
    assert not stored_overlay.exists()
    assert not set(server.cache.rglob("*.png")) - before - set(server.cache.rglob("upload"))


def test_missing_file_is_an_error_with_a_code(client: Client) -> None:
    assert client.predict(None, api_name="/analyse_image")[1]["error"]["code"] == "missing_file"
    assert client.predict(None, api_name="/analyse_video")[0]["error"]["code"] == "missing_file"
