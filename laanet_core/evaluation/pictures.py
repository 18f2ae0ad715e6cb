"""Verdicts on whole photographs, as users send them, by the number of faces in each."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from laanet_core.data.manifest import LABELS
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.metrics import Interval, wilson_interval
from laanet_core.inference.detector import Detector
from laanet_core.results import AnalysisResult, ModelInfo, Verdict

Label = Literal["real", "fake"]

# `not judged` are pictures without a judged face, and files that are no readable picture.
PictureVerdict = Literal["real", "inconclusive", "fake", "not judged"]
VERDICTS: tuple[PictureVerdict, ...] = ("real", "inconclusive", "fake", "not judged")

# Groups by the number of found faces: name, and the smallest and largest number. The groups `all` and `2+`
# overlap the others.
_GROUPS: tuple[tuple[str, int, float], ...] = (
    ("all", 0, float("inf")),
    ("0", 0, 0),
    ("1", 1, 1),
    ("2+", 2, float("inf")),
    ("2", 2, 2),
    ("3-5", 3, 5),
    ("6+", 6, float("inf")),
)


@dataclass(frozen=True)
class LabelledPicture:
    """Picture file and its label; `name` is its path in the CSV file."""

    name: str
    file: Path
    label: Label


@dataclass(frozen=True)
class JudgedPicture:
    """Verdict on a picture; `faces` counts the found faces, those that are not judged included."""

    name: str
    label: Label
    faces: int
    verdict: PictureVerdict


@dataclass(frozen=True)
class VerdictCount:
    """Number of a group's pictures with a verdict, and the 95 % interval (Wilson) of its share."""

    count: int
    share: float
    interval: Interval


@dataclass(frozen=True)
class PictureGroup:
    """Verdicts on the pictures of one label with a number of faces that `faces` names, such as 3-5."""

    faces: str
    label: Label
    pictures: int
    verdicts: dict[PictureVerdict, VerdictCount]


@dataclass(frozen=True)
class PictureReport:
    """Verdicts on a folder of pictures. Groups without pictures are left out; `all` comes first."""

    model: ModelInfo
    groups: tuple[PictureGroup, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form of `evaluate --pictures --json`."""
        model = self.model
        return {
            "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
            "groups": [_group_json(group) for group in self.groups],
        }

    def false_alarms(self) -> float:
        """Return the share of real pictures that are called fake. Raises ValueError without real pictures."""
        for group in self.groups:
            if group.faces == "all" and group.label == "real":
                return group.verdicts["fake"].share
        raise ValueError("there are no real pictures")


def read_pictures(folder: Path) -> list[LabelledPicture]:
    """Read the only CSV file of a folder. Its columns are `path`, relative to the folder, and `label`.

    A label is `real` or `fake`. Other columns are ignored. Raises InvalidDataset naming the line at fault.
    """
    tables = sorted(folder.glob("*.csv"))
    if len(tables) != 1:
        raise InvalidDataset(f"{folder.name} must hold one CSV file of pictures, not {len(tables)}")
    table = tables[0]
    pictures: list[LabelledPicture] = []
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise InvalidDataset(f"{table.name} lacks the columns {', '.join(sorted(missing))}")
            # The header is line 1.
            for line, row in enumerate(reader, start=2):
                pictures.append(_picture(folder, row, f"{table.name}, line {line}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidDataset(f"cannot read {table.name}: {error}") from error
    if not pictures:
        raise InvalidDataset(f"{table.name} names no pictures")
    return pictures


def evaluate_pictures(
    detector: Detector,
    pictures: Sequence[LabelledPicture],
    *,
    cache: Path | None = None,
    progress: bool = True,
) -> PictureReport:
    """Judge whole pictures and count their verdicts. `progress` shows a bar on standard error.

    Every verdict is appended to the JSON-lines file `cache`, which belongs to one detector. Pictures with the
    same content as one there are not judged again.
    """
    known = {} if cache is None else _read_judgements(cache)
    judged: list[JudgedPicture] = []
    for picture in tqdm(pictures, desc="pictures", disable=not progress):
        sha256 = hashlib.sha256(picture.file.read_bytes()).hexdigest()
        if sha256 not in known:
            new = judged_picture(picture, detector.analyse_file(picture.file, only="image"))
            known[sha256] = _Judgement(sha256, new.faces, new.verdict)
            if cache is not None:
                _append_judgement(cache, known[sha256])
        judged.append(JudgedPicture(picture.name, picture.label, known[sha256].faces, known[sha256].verdict))
    return PictureReport(detector.info, group_pictures(judged))


def judged_picture(picture: LabelledPicture, result: AnalysisResult) -> JudgedPicture:
    """Return the verdict on a picture from its analysis; finds that are `not_a_face` do not count."""
    faces = sum(face.not_judged != "not_a_face" for face in result.faces)
    return JudgedPicture(picture.name, picture.label, faces, _picture_verdict(result.verdict))


def group_pictures(pictures: Iterable[JudgedPicture]) -> tuple[PictureGroup, ...]:
    """Count the verdicts by number of faces and label."""
    rows = list(pictures)
    groups: list[PictureGroup] = []
    for name, fewest, most in _GROUPS:
        for label in ("real", "fake"):
            members = [row for row in rows if row.label == label and fewest <= row.faces <= most]
            if members:
                verdicts = _count_verdicts([row.verdict for row in members])
                groups.append(PictureGroup(name, label, len(members), verdicts))
    return tuple(groups)


def as_text(report: PictureReport) -> str:
    """Return the output of `evaluate --pictures` without --json."""
    model = report.model
    lines = [f"{model.name} {model.version} ({model.sha256[:12]}), whole pictures by number of faces found"]
    for group in report.groups:
        lines.append(f"{group.faces} faces, {group.label}: {group.pictures} pictures")
        for verdict, counted in group.verdicts.items():
            interval = f"[{counted.interval.low:.1%}, {counted.interval.high:.1%}]"
            lines.append(f"  {verdict:14}{counted.count:6}{counted.share:8.1%}  {interval}")
    return "\n".join(lines)


@dataclass(frozen=True)
class _Judgement:
    """Line of a cache: number of faces and verdict of the picture with a sha256."""

    sha256: str
    faces: int
    verdict: PictureVerdict


def _read_judgements(cache: Path) -> dict[str, _Judgement]:
    """Read a cache file by sha256. Lines that an interruption cut are skipped."""
    judgements: dict[str, _Judgement] = {}
    lines = cache.read_text(encoding="utf-8").splitlines() if cache.exists() else []
    for line in lines:
        # JSON refuses an empty line, too.
        with contextlib.suppress(json.JSONDecodeError, TypeError):
            judgement = _Judgement(**json.loads(line))
            judgements[judgement.sha256] = judgement
    return judgements


def _append_judgement(cache: Path, judgement: _Judgement) -> None:
    with cache.open("a", encoding="utf-8") as file:
        # The line break comes first, because an interruption may have cut the last line.
        file.write("\n" + json.dumps(dataclasses.asdict(judgement)))


def _picture(folder: Path, row: dict[str, str], location: str) -> LabelledPicture:
    if row["label"] not in LABELS:
        raise InvalidDataset(f"{location}: label must be real or fake, not {row['label']!r}")
    file = folder / (row["path"] or "")
    if not file.is_file():
        raise InvalidDataset(f"{location}: there is no file {row['path']!r}")
    return LabelledPicture(row["path"], file, "fake" if LABELS[row["label"]] else "real")


def _picture_verdict(verdict: Verdict | None) -> PictureVerdict:
    return "not judged" if verdict is None else verdict


def _count_verdicts(verdicts: Sequence[PictureVerdict]) -> dict[PictureVerdict, VerdictCount]:
    counts: dict[PictureVerdict, VerdictCount] = {}
    for verdict in VERDICTS:
        count = verdicts.count(verdict)
        counts[verdict] = VerdictCount(count, count / len(verdicts), wilson_interval(count, len(verdicts)))
    return counts


def _group_json(group: PictureGroup) -> dict[str, Any]:
    return {
        "faces": group.faces,
        "label": group.label,
        "pictures": group.pictures,
        "verdicts": {
            verdict: {
                "count": counted.count,
                "share": round(counted.share, 4),
                "interval": [round(counted.interval.low, 4), round(counted.interval.high, 4)],
            }
            for verdict, counted in group.verdicts.items()
        },
    }
