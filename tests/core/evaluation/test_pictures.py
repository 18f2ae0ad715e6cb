"""Verdicts on whole pictures by the number of faces, on hand-worked cases and on a real photograph."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.pictures import (
    JudgedPicture,
    LabelledPicture,
    PictureReport,
    PictureVerdict,
    as_text,
    evaluate_pictures,
    group_pictures,
    judged_picture,
    read_pictures,
)
from laanet_core.inference.detector import Detector
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo
from tests.conftest import ROOT

MODEL = ModelInfo("m", "1", "0" * 64)


def judged(faces: int, verdict: PictureVerdict, label: str = "real") -> JudgedPicture:
    return JudgedPicture(f"{faces}", "fake" if label == "fake" else "real", faces, verdict)


def write_table(folder: Path, *lines: str, name: str = "pictures.csv") -> None:
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


def test_pictures_are_counted_by_number_of_faces_and_label() -> None:
    rows = [judged(0, "not judged"), judged(1, "real"), judged(1, "fake"), judged(2, "inconclusive")]
    rows += [judged(3, "real"), judged(5, "fake"), judged(6, "real"), judged(2, "fake", "fake")]
    groups = {(group.faces, group.label): group for group in group_pictures(rows)}
    counts = {key: (group.pictures, group.verdicts["fake"].count) for key, group in groups.items()}
    assert counts == {
        ("all", "real"): (7, 2),
        ("all", "fake"): (1, 1),
        ("0", "real"): (1, 0),
        ("1", "real"): (2, 1),
        ("2+", "real"): (4, 1),
        ("2+", "fake"): (1, 1),
        ("2", "real"): (1, 0),
        ("2", "fake"): (1, 1),
        ("3-5", "real"): (2, 1),
        ("6+", "real"): (1, 0),
    }
    assert groups["0", "real"].verdicts["not judged"].share == 1
    assert sum(counted.count for counted in groups["all", "real"].verdicts.values()) == 7


def test_intervals_are_wilsons() -> None:
    # One of ten: (0.1 + z²/20 ± z sqrt(0.009 + z²/400)) / (1 + z²/10) with z = 1.96.
    rows = [judged(1, "fake"), *[judged(1, "real")] * 9]
    counted = group_pictures(rows)[0].verdicts["fake"]
    assert (counted.count, counted.share) == (1, 0.1)
    assert counted.interval.low == pytest.approx(0.0179, abs=1e-4)
    assert counted.interval.high == pytest.approx(0.4042, abs=1e-4)


def test_finds_that_are_no_faces_do_not_count() -> None:
    face = FaceResult((0, 0, 50, 50), 0.9, -3.0, 0.1, "real")
    small = FaceResult((0, 0, 9, 9), 0.9, None, None, None, not_judged="too_small")
    chair = dataclasses.replace(small, not_judged="not_a_face")
    result = AnalysisResult("image", "verdict", "real", 0.1, (face, small, chair), MODEL, 0.1)
    picture = LabelledPicture("a.jpg", Path("a.jpg"), "real")
    assert judged_picture(picture, result) == JudgedPicture("a.jpg", "real", 2, "real")
    empty = dataclasses.replace(result, outcome="no_face", verdict=None, fake_prob=None, faces=())
    assert judged_picture(picture, empty).verdict == "not judged"


def test_report_as_text_and_json_and_the_share_of_false_alarms() -> None:
    report = PictureReport(MODEL, group_pictures([judged(1, "fake"), judged(1, "real")]))
    assert report.false_alarms() == 0.5
    assert "1 faces, real: 2 pictures" in as_text(report)
    assert "fake               1   50.0%  [9.5%, 90.5%]" in as_text(report)
    first = report.to_json()["groups"][0]
    assert (first["faces"], first["label"], first["pictures"]) == ("all", "real", 2)
    assert first["verdicts"]["fake"] == {"count": 1, "share": 0.5, "interval": [0.0945, 0.9055]}
    with pytest.raises(ValueError, match="no real pictures"):
        PictureReport(MODEL, group_pictures([judged(1, "fake", "fake")])).false_alarms()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["path,kind", "a.jpg,real"], "lacks the columns label"),
        (["path,label"], "names no pictures"),
        (["path,label", "a.jpg,real", "a.jpg,odd"], "line 3: label must be real or fake, not 'odd'"),
        (["path,label", "b.jpg,real"], "line 2: there is no file 'b.jpg'"),
        (["path,label", ",real"], "line 2: there is no file ''"),
        (["path,label", "a.jpg"], "line 2: label must be real or fake"),
    ],
)
def test_bad_tables_are_refused_with_their_line(tmp_path: Path, lines: list[str], message: str) -> None:
    (tmp_path / "a.jpg").touch()
    write_table(tmp_path, *lines)
    with pytest.raises(InvalidDataset, match=message):
        read_pictures(tmp_path)


def test_a_folder_needs_exactly_one_table(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="not 0"):
        read_pictures(tmp_path)
    for name in ("a.csv", "b.csv"):
        write_table(tmp_path, "path,label", name=name)
    with pytest.raises(InvalidDataset, match="not 2"):
        read_pictures(tmp_path)


def test_real_pictures_and_unreadable_files_are_judged(tmp_path: Path, detector: Detector) -> None:
    shutil.copy(ROOT / "tests/samples/astronaut.png", tmp_path / "astronaut.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    write_table(tmp_path, "path,label,note", "astronaut.png,real,x", "broken.jpg,1,y")
    groups = evaluate_pictures(detector, read_pictures(tmp_path), progress=False).groups
    found = {(group.faces, group.label): group.pictures for group in groups}
    assert found == {("all", "real"): 1, ("all", "fake"): 1, ("0", "fake"): 1, ("1", "real"): 1}
