"""Decisions on their way out: complete, without names, safe for whoever opens them."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from laanet_core.media.images import read_image
from tests.webapp.conftest import Judged
from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Decides
from webapp.db.session import Sessions
from webapp.db.tables import Account, AuditEntry, Label
from webapp.domain.errors import Unable
from webapp.services.accounts import Person
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.export import FORMATS, LabelExport
from webapp.services.moderation.export.coco import painted, run_lengths
from webapp.services.moderation.export.tables import safe
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.storage.kept_media import KeptMediaService

pytestmark = pytest.mark.both_databases


@pytest.fixture
def export(sessions: Sessions, audit: AuditService, keeping: KeptMediaService) -> LabelExport:
    return LabelExport(sessions, audit, keeping, delay=timedelta(0))


@pytest.fixture
def receipt(sessions: Sessions, keeping: KeptMediaService, log: CaseEvents, judged: Judged) -> str:
    """Two people, both drawn for the audit."""
    triage = Triage(log, TriageRules(), draw=lambda: 0.0)
    service = AnalysisService(judged, sessions, Jobs(), frames=4, kept_media=keeping, on_kept=triage.process)
    return service.analyse(judged.picture, consent=True).receipt or ""


def region(size: tuple[int, int] = (60, 40)) -> bytes:
    image, written = Image.new("L", size), io.BytesIO()
    image.paste(255, (0, 0, size[0] // 2, size[1]))
    image.save(written, "PNG")
    return written.getvalue()


def test_each_format_says_what_was_decided_and_names_nobody(
    sessions: Sessions,
    export: LabelExport,
    receipt: str,
    decides: Decides,
    people: list[Person],
    judged: Judged,
    tmp_path: Path,
) -> None:
    decides("fake", note="=cmd of moderator3", region=region())
    decides("cannot_tell")
    for kind in FORMATS:
        written = export.write(kind, tmp_path / "out" / kind)
        assert (written.decisions, written.left_out) == ((2, 0) if kind in ("csv", "jsonl") else (1, 1))
    with sessions() as session:
        ids = [
            label.id
            for label in session.scalars(select(Label).where(Label.stage == "final").order_by(Label.id))
        ]
        pseudonyms = list(session.scalars(select(Account.pseudonym).order_by(Account.id)))[1:3]
        told = [
            json.loads(entry.details)
            for entry in session.scalars(select(AuditEntry))
            if entry.action == "labels_exported"
        ]
    assert [entry["format"] for entry in told] == list(FORMATS)
    first, second = csv.DictReader(io.StringIO((tmp_path / "out" / "csv").read_text()))
    assert (first["value"], first["how"], first["reasons"], second["value"]) == (
        "fake",
        "agreement",
        "audit",
        "cannot_tell",
    )
    assert first["label_ids"] == " ".join(map(str, ids[:2]))
    assert first["moderators"].split() == pseudonyms
    assert first["model_sha256"] == judged.info.sha256
    lines = [json.loads(line) for line in (tmp_path / "out" / "jsonl").read_text().splitlines()]
    assert [label["stage"] for label in lines[0]["labels"]] == ["blind", "final"] * 2
    assert (lines[0]["media_sha256"], lines[0]["audited"]) == (first["media_sha256"], True)
    everything = "".join(
        path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file() and path.suffix != ".jpg"
    )
    # Neither in notes nor as a name.
    assert "moderator3" not in everything
    assert not any(person.name in everything for person in people[1:3])
    assert receipt not in everything
    with pytest.raises(Unable, match="there already"):
        export.write("csv", tmp_path / "out" / "csv")


def test_coco_and_the_dataset_point_at_the_same_pixels(
    export: LabelExport, receipt: str, decides: Decides, judged: Judged, tmp_path: Path
) -> None:
    decides("fake", region=region())
    decides("real")
    export.write("coco", tmp_path / "coco.json")
    export.write("hf", tmp_path / "dataset")
    coco = json.loads((tmp_path / "coco.json").read_text())
    (image,), (fake, real) = coco["images"], coco["annotations"]
    rgb = read_image(judged.picture)
    assert (image["width"], image["height"]) == (rgb.shape[1], rgb.shape[0])
    assert sum(fake["segmentation"]["counts"]) == rgb.shape[0] * rgb.shape[1]
    assert fake["segmentation"]["size"] == [rgb.shape[0], rgb.shape[1]]
    assert fake["area"] == pytest.approx(rgb.shape[0] * rgb.shape[1] / 2, rel=0.01)
    assert (fake["category_id"], real["category_id"], real["segmentation"]) == (2, 1, [])
    (line,) = map(json.loads, (tmp_path / "dataset" / "train" / "metadata.jsonl").read_text().splitlines())
    assert line["faces"]["value"] == ["fake", "real"]
    assert line["file_name"] == image["file_name"]
    assert np.array_equal(read_image(tmp_path / "dataset" / "train" / line["file_name"]), rgb)


def test_what_a_visitor_deleted_is_not_exported(
    sessions: Sessions,
    keeping: KeptMediaService,
    export: LabelExport,
    receipt: str,
    decides: Decides,
    tmp_path: Path,
) -> None:
    decides("fake")
    receipt_service(sessions, keeping=keeping).delete(receipt)
    for kind in FORMATS:
        assert export.write(kind, tmp_path / kind).decisions == 0


def test_what_can_still_be_undone_is_not_exported(
    sessions: Sessions,
    audit: AuditService,
    keeping: KeptMediaService,
    receipt: str,
    decides: Decides,
    tmp_path: Path,
) -> None:
    decides("fake")
    assert (
        LabelExport(sessions, audit, keeping, delay=timedelta(minutes=10))
        .write("csv", tmp_path / "a")
        .decisions
        == 0
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1"])
def test_no_cell_is_a_formula(kind: str, cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe(-1.5) == -1.5


def test_run_lengths_as_worked_by_hand(kind: str) -> None:
    mask = np.array([[1, 0, 0], [1, 1, 0]], bool)
    assert run_lengths(mask) == {"counts": [0, 2, 1, 1, 2], "size": [2, 3]}
    assert run_lengths(~mask) == {"counts": [2, 1, 1, 2], "size": [2, 3]}
    half = painted([region((6, 4)), region((12, 8)), region((3, 4))], (60, 40))
    assert half is not None
    assert half[:, :20].all()
    assert not half[:, 31:].any()
