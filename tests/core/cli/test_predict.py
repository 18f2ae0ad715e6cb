from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from laanet_core.cli import main
from laanet_core.media.images import read_image
from tests.conftest import ROOT
from tests.core.clips import cut_clip, drifting, forged_astronaut, write_clip, write_pages, write_sound
from tests.signed_files import new_chain, signed

KEYS = [
    "path",
    "kind",
    "outcome",
    "verdict",
    "fake_prob",
    "faces",
    "model",
    "seconds",
    "error",
    "cautions",
    "runtime",
    "provenance",
    "conflict",
]
FACE_KEYS = {"box", "detection_prob", "fake_logit", "fake_prob", "verdict", "time"}


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> dict[str, Path]:
    """Write files that must be rejected, by the expected code."""
    folder = tmp_path_factory.mktemp("bad")
    files = {
        "empty_file": folder / "empty.jpg",
        "unsupported_type": folder / "words.jpg",
        "corrupt_image": folder / "cut.jpg",
        "image_too_small": folder / "dot.png",
        "no_frames": write_sound(folder / "sound.mp4"),
        "file_not_found": folder / "gone.jpg",
    }
    files["empty_file"].touch()
    files["unsupported_type"].write_text("This is no picture.")
    files["corrupt_image"].write_bytes((samples / "two_people.jpg").read_bytes()[:40_000])
    Image.new("RGB", (1, 1)).save(files["image_too_small"])
    return files


def predict(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[dict[str, Any]]]:
    status = main(["predict", "--json", "--device", "cpu", *map(str, arguments)])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_json_object_per_input(capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))
    clip = write_clip(tmp_path / "clip.webm", [frame] * 3, codec="libvpx")
    status, (picture, video) = predict(capsys, samples / "two_people.jpg", clip)
    assert status == 0
    assert list(picture) == KEYS
    assert [key for key in video if key not in ("tracks", "segments", "coverage")] == KEYS
    assert picture["path"] == str(samples / "two_people.jpg")
    assert [picture[key] for key in ("kind", "outcome", "error")] == ["image", "verdict", None]
    assert len(picture["faces"]) == 2
    for face in picture["faces"]:
        assert set(face) >= FACE_KEYS
        assert face["time"] is None
        assert face["verdict"] in ("real", "fake", "inconclusive")
        assert len(face["box"]) == 4
    face_probs = [face["fake_prob"] for face in picture["faces"]]
    assert min(face_probs) < picture["fake_prob"] < max(face_probs)
    assert video["kind"] == "video"
    assert [face["time"] for face in video["faces"]] == [0.0, 0.1, 0.2]
    assert set(picture["model"]) == {"name", "version", "sha256"}
    # A few files are not worth compiling for.
    assert picture["runtime"] == {"name": "eager", "precision": "float32", "device": "cpu"}


def test_clips_list_their_segments_and_coverage(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    real, fake = read_image(samples / "astronaut.png"), forged_astronaut(samples)
    frames = [drifting(fake if 12 <= time < 15 else real, time) for time in np.arange(200) / 10]
    clip = write_clip(tmp_path / "clip.mp4", frames)
    status, (result,) = predict(capsys, clip, "--frames", 10)
    assert (status, result["verdict"]) == (0, "fake")
    assert [segment["verdict"] == "fake" for segment in result["segments"]] == [False, True, False]
    assert set(result["segments"][0]) == {"from", "to", "track", "fake_prob", "verdict"}
    assert set(result["coverage"]) == {"frames_judged", "seconds_covered", "seconds"}
    assert main(["predict", "--device", "cpu", "--frames", "10", str(clip)]) == 0
    text = capsys.readouterr().out
    assert "  0:12 to 0:15 looks manipulated (track 0, fake probability 0." in text
    assert f" of 20.0 seconds ({result['coverage']['frames_judged']} frames)" in text


def test_partly_analysed_files_have_cautions(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))
    torn = cut_clip(
        write_clip(
            tmp_path / "clip.mp4",
            [np.roll(frame, 9 * number, 1) for number in range(20)],
            movflags="faststart",
        ),
        0.4,
    )
    status, (clip, moving, still) = predict(
        capsys, torn, write_pages(tmp_path / "a.tif", [frame, frame[::-1]]), samples / "astronaut.png"
    )
    assert status == 0
    assert [result["cautions"] for result in (clip, moving, still)] == [
        ["cut_short"],
        ["first_picture_only"],
        [],
    ]
    assert (
        main(
            ["predict", "--device", "cpu", str(torn), str(tmp_path / "a.tif"), str(samples / "astronaut.png")]
        )
        == 0
    )
    cautions = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  caution: ")]
    assert [("truncated" in line, "first of several" in line) for line in cautions] == [
        (True, False),
        (False, True),
    ]


def test_bad_files_have_codes_and_the_others_are_analysed(
    capsys: pytest.CaptureFixture[str], samples: Path, bad_files: dict[str, Path]
) -> None:
    status, results = predict(capsys, *bad_files.values(), samples / "astronaut.png")
    assert status == 2
    *rejected, last = results
    for code, result in zip(bad_files, rejected, strict=True):
        assert (result["outcome"], result["error"]["code"], result["verdict"], result["faces"]) == (
            "rejected",
            code,
            None,
            [],
        )
        assert result["error"]["message"].endswith(".")
    assert last["outcome"] == "verdict"


def test_no_face_and_small_faces_are_not_errors(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "grey.png")
    with Image.open(samples / "astronaut.png") as image:
        image.convert("RGB").resize((170, 170)).save(tmp_path / "small.png")
    status, results = predict(capsys, tmp_path / "grey.png", tmp_path / "small.png")
    assert status == 0
    assert [(result["outcome"], result["verdict"], result["fake_prob"]) for result in results] == [
        ("no_face", None, None),
        ("face_too_small", None, None),
    ]


def test_orientation_and_mode_do_not_change_the_answer(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    with Image.open(samples / "astronaut.png") as image:
        upright = image.convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    upright.convert("RGBA").save(tmp_path / "alpha.png")
    _, results = predict(capsys, samples / "astronaut.png", tmp_path / "turned.png", tmp_path / "alpha.png")
    assert results[0]["faces"] == results[1]["faces"] == results[2]["faces"]


def test_heatmaps_are_written_as_pictures(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))
    clip = write_clip(tmp_path / "clip.mp4", [frame] * 3)
    predict(capsys, samples / "two_people.jpg", clip, "--heatmaps", tmp_path / "maps")
    names = sorted(path.name for path in (tmp_path / "maps").iterdir())
    assert names == [
        "000-two_people.png",
        "001-clip-0.000s.png",
        "001-clip-0.100s.png",
        "001-clip-0.200s.png",
    ]
    overlay = read_image(tmp_path / "maps" / names[0])
    original = read_image(samples / "two_people.jpg")
    assert overlay.shape == original.shape
    assert np.array_equal(overlay[-40:], original[-40:])
    assert not np.array_equal(overlay, original)


def test_text_output_has_sentences(
    capsys: pytest.CaptureFixture[str], samples: Path, bad_files: dict[str, Path]
) -> None:
    assert (
        main(["predict", "--device", "cpu", str(samples / "astronaut.png"), str(bad_files["empty_file"])])
        == 2
    )
    out = capsys.readouterr().out
    assert "fake probability" in out
    assert "face 1 [" in out
    assert "rejected: The file is empty. (empty_file)" in out


def test_cropped_files_skip_face_detection(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    with Image.open(samples / "astronaut.png") as image:
        image.convert("RGB").crop((170, 60, 280, 180)).save(tmp_path / "face.png")
    _, (result,) = predict(capsys, tmp_path / "face.png", "--cropped")
    assert result["faces"][0]["box"] == [0.0, 0.0, 110.0, 120.0]
    status, (clip,) = predict(capsys, write_sound(tmp_path / "sound.mp4"), "--cropped")
    assert (status, clip["error"]["code"]) == (2, "unsupported_type")


def test_errors_of_the_command_are_one_line(tmp_path: Path, samples: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "laanet_core",
        "predict",
        str(samples / "astronaut.png"),
        "--weights",
        str(tmp_path),
    ]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith("error: invalid_weights: ")
    assert process.stderr.count("\n") == 1


def test_provenance_of_signed_files(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    photo = (samples / "astronaut.png").read_bytes()
    file = tmp_path / "signed.png"
    file.write_bytes(signed(photo, "image/png"))
    trust_list = tmp_path / "trust.pem"
    trust_list.write_bytes(new_chain().authority)
    _, (untrusted, plain) = predict(capsys, file, samples / "astronaut.png")
    assert untrusted["provenance"]["status"] == "valid_untrusted"
    assert untrusted["provenance"]["ai_generated"] is True
    assert (plain["provenance"]["status"], plain["provenance"]["sources"]) == ("none", [])
    # The provenance does not change the verdict.
    assert (untrusted["verdict"], untrusted["fake_prob"]) == (plain["verdict"], plain["fake_prob"])
    _, (trusted,) = predict(capsys, "--trust-list", trust_list, file)
    assert (trusted["provenance"]["status"], trusted["conflict"]) == ("valid_trusted", None)
    changed = bytearray(file.read_bytes())
    # Pillow does not check the file's last checksum.
    changed[-1] ^= 1
    file.write_bytes(changed)
    assert main(["predict", "--device", "cpu", str(file)]) == 0
    text = capsys.readouterr().out
    assert "this file says it was made by AI" in text
    assert "contradiction: the content was changed after it was signed" in text


def test_broken_trust_list_is_an_error(
    capsys: pytest.CaptureFixture[str], samples: Path, tmp_path: Path
) -> None:
    status = main(["predict", "--trust-list", str(tmp_path / "none.pem"), str(samples / "astronaut.png")])
    assert status != 0
    assert "trust list" in capsys.readouterr().err
