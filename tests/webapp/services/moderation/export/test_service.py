"""Exports in every format: complete, without names, without deleted results."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.webapp.conftest import Judged
from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Decides
from tests.webapp.services.moderation.export.conftest import region
from webapp.db.session import Sessions
from webapp.db.tables import Account, AuditEntry, Label
from webapp.domain.errors import Unable
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.export import FORMATS, LabelExport
from webapp.services.storage.kept_media import KeptMediaService

pytestmark = pytest.mark.both_databases


def test_each_format_holds_the_decisions_and_no_names(
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
        audited = [
            json.loads(entry.details)
            for entry in session.scalars(select(AuditEntry))
            if entry.action == "labels_exported"
        ]
    assert [entry["format"] for entry in audited] == list(FORMATS)
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
    # Notes and names are left out.
    assert "moderator3" not in everything
    assert not any(person.name in everything for person in people[1:3])
    assert receipt not in everything
    with pytest.raises(Unable, match="there already"):
        export.write("csv", tmp_path / "out" / "csv")


def test_deleted_results_are_not_exported(
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


def test_decisions_within_the_undo_period_are_not_exported(
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
