from __future__ import annotations

import io
import json
import os
import time
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sqlalchemy import Engine, select

from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import read_manifest
from laanet_core.media.images import read_image
from tests.synthetic_uploads import BOX, SyntheticUploads, error_code, fake_face, real_face
from tests.webapp.receipt_services import receipt_service, result_deletion
from tests.webapp.services.storage.conftest import files
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem, Decision, Face, Feedback, Snapshot, SnapshotItem
from webapp.domain.clock import now
from webapp.domain.consent import CONSENT_VERSION
from webapp.domain.enums import LabelValue, Split, Vote
from webapp.media.store import MediaStore
from webapp.services.audit.log import AuditService
from webapp.services.drills.scripted_users import ScriptedUpload
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.results.retention import RetentionService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.snapshot_index import INDEX_FILE
from webapp.services.training.snapshots import SnapshotService
from webapp.services.training.splits import split_of_group


def mask(box: tuple[int, int, int, int], side: int = 64) -> bytes:
    painted = np.zeros((side, side), np.uint8)
    painted[box[1] : box[3], box[0] : box[2]] = 255
    written = io.BytesIO()
    Image.fromarray(painted).save(written, "PNG")
    return written.getvalue()


def test_a_snapshot_is_a_data_set_for_the_trainer(
    uploads: SyntheticUploads, snapshots: SnapshotService, snapshot_folders: SnapshotFolders
) -> None:
    uploads.users.upload_and_decide(uploads.faces(8, 6, region=mask((20, 20, 45, 40))))
    frozen = snapshots.freeze()
    assert (frozen.real, frozen.fake, sum(frozen.splits.values()), frozen.left_out) == (8, 6, 14, {})
    folder = snapshots.verify(frozen.public_id)
    assert folder == snapshot_folders.of(frozen.public_id)
    samples = read_manifest(folder / "manifest.csv", folder / "landmarks.npz")
    gold = read_manifest(folder / "gold" / "manifest.csv", folder / "gold" / "landmarks.npz")
    assert (len(samples), len(gold)) == (frozen.splits["train"] + frozen.splits["val"], frozen.splits["gold"])
    assert not {sample.path for sample in samples} & {sample.path for sample in gold}
    store = PackStore(folder, ["faces"])
    originals = {real_face(seed)[2:122, 4:124].tobytes() for seed in range(8)} | {
        fake_face(s)[2:122, 4:124].tobytes() for s in range(1000, 1006)
    }
    for sample in [*samples, *gold]:
        assert store.read(sample.pack, sample.path).tobytes() in originals
        assert sample.landmarks is not None
        assert (sample.region is not None) == (sample.label == 1)
        if sample.region is not None:
            rows, columns = np.nonzero(store.read_mask(sample.pack, sample.region))
            # The region covers columns 40 to 89 and rows 40 to 79 of the picture.
            assert (columns.min(), columns.max()) == (36, 85)
            assert (rows.min(), rows.max()) == (38, 77)
    table = pd.read_parquet(folder / "metadata.parquet")
    assert sorted(table["label"].value_counts().items()) == [("fake", 6), ("real", 8)]
    assert all((folder / name).is_file() for name in table["file_name"])
    index = json.loads((folder / INDEX_FILE).read_text())
    assert index["consents"] == [CONSENT_VERSION]
    assert {item["provenance"]["how"] for item in index["items"]} == {"agreement"}
    assert all(item["part"] == split_of_group(item["group"]) for item in index["items"])


def test_a_face_without_landmarks_is_cropped_as_it_was_scored(
    uploads: SyntheticUploads,
    sessions: Sessions,
    audit: AuditService,
    keeping: KeptMediaService,
    snapshot_folders: SnapshotFolders,
) -> None:
    uploads.users.upload_and_decide(uploads.faces(2, 0))
    service = SnapshotService(
        sessions, audit, keeping, snapshot_folders, landmarks=lambda: lambda _: None, delay=timedelta(0)
    )
    folder = snapshot_folders.of(service.freeze().public_id)
    pictures = [read_image(path) for path in (folder / "faces").iterdir()]
    side = round((BOX[3] - BOX[1]) * 1.25)
    assert [picture.shape for picture in pictures] == [(side, side, 3)] * 2
    manifests = (folder / "manifest.csv", folder / "gold" / "manifest.csv")
    assert sum(len(read_manifest(manifest)) for manifest in manifests) == 2


def test_only_standing_decisions_for_real_or_fake_with_consent_are_frozen(
    uploads: SyntheticUploads,
    sessions: Sessions,
    snapshots: SnapshotService,
    feedback: FeedbackService,
    audit: AuditService,
    keeping: KeptMediaService,
    snapshot_folders: SnapshotFolders,
) -> None:
    paths = [uploads.picture(real_face(seed), f"p{seed}") for seed in range(5)]
    unsure, undone, open_case, not_stored, good = [uploads.users.upload(path) for path in paths]
    for number in range(40):
        assert feedback.submit(Submission(open_case.receipt, 1, Vote.DISAGREE, "", f"key-number-{number}"))
    assert error_code(snapshots.freeze) == "nothing_decided"
    truth = {
        unsure.case: LabelValue.CANNOT_TELL,
        undone.case: LabelValue.FAKE,
        not_stored.case: LabelValue.REAL,
        good.case: LabelValue.REAL,
    }
    uploads.users.decide({str(case): ScriptedUpload(paths[0], label) for case, label in truth.items()})
    with sessions.begin() as session:
        cases = {case.public_id: case for case in session.scalars(select(Case))}
        cases[str(undone.case)].decisions[0].undone_at = now()
        consent = cases[str(not_stored.case)].items[0].analysis.consent
        assert consent is not None
        consent.media = None
    cautious = SnapshotService(
        sessions,
        audit,
        keeping,
        snapshot_folders,
        landmarks=lambda: lambda _: None,
        delay=timedelta(minutes=10),
    )
    # The decisions can still be undone.
    assert error_code(cautious.freeze) == "nothing_decided"
    frozen = snapshots.freeze()
    with sessions() as session:
        assert [item.case.public_id for item in session.scalars(select(SnapshotItem)) if item.case] == [
            good.case
        ]
        assert session.query(Feedback).count() == 40
    assert (frozen.real, frozen.fake) == (1, 0)


def test_near_duplicates_share_a_split_and_keep_it_in_later_snapshots(
    uploads: SyntheticUploads, sessions: Sessions, snapshots: SnapshotService
) -> None:
    faces = uploads.faces(12, 6)
    uploads.users.upload_and_decide(faces)
    first = snapshots.freeze()
    with sessions() as session:
        before = {item.analysis_id: item.split for item in session.scalars(select(SnapshotItem))}
        gold = [
            item.case.items[0].analysis.media_sha256
            for item in session.scalars(select(SnapshotItem))
            if item.split == Split.GOLD and item.case
        ]
    assert gold
    copies = []
    for number, face in enumerate(faces):
        rgb = read_image(face.path)
        rgb[:3] = 128
        other = LabelValue.REAL if face.label == LabelValue.FAKE else LabelValue.FAKE
        copies.append(ScriptedUpload(uploads.picture(rgb, f"copy{number}"), other))
    uploads.users.upload_and_decide(copies)
    second = snapshots.freeze()
    with sessions() as session:
        items = [
            item
            for item in session.scalars(select(SnapshotItem))
            if item.snapshot.public_id == second.public_id
        ]
        assert {item.analysis_id: item.split for item in items if item.analysis_id in before} == before
        index = json.loads((snapshots.folders.of(second.public_id) / INDEX_FILE).read_text())
    by_group: dict[str, set[str]] = {}
    for item in index["items"]:
        by_group.setdefault(item["group"], set()).add(item["part"])
    assert all(len(splits) == 1 for splits in by_group.values())
    assert len(by_group) == len(before)
    assert second.splits == {split: 2 * count for split, count in first.splits.items()}


@pytest.mark.both_databases
def test_a_deletion_makes_a_snapshot_stale_and_removes_its_files(
    uploads: SyntheticUploads,
    engine: Engine,
    sessions: Sessions,
    snapshots: SnapshotService,
    audit: AuditService,
    keeping: KeptMediaService,
    snapshot_folders: SnapshotFolders,
    store: MediaStore,
) -> None:
    paths = [face.path for face in uploads.faces(3, 0)]
    uploaded = [uploads.users.upload(path) for path in paths]
    uploads.users.decide(
        {
            str(one.case): ScriptedUpload(path, LabelValue.REAL)
            for one, path in zip(uploaded, paths, strict=True)
        }
    )
    frozen = snapshots.freeze()
    receipt_service(sessions, audit, keeping, snapshots=snapshot_folders).delete(uploaded[0].receipt)
    assert not snapshot_folders.of(frozen.public_id).exists()
    assert error_code(snapshots.verify, frozen.public_id) == "stale_snapshot"
    assert error_code(snapshots.newest) == "unknown_snapshot"
    with sessions() as session:
        assert session.query(SnapshotItem).count() == 2
        assert session.query(Decision).count() == 2
    renewed = snapshots.freeze()
    assert (renewed.real, snapshots.newest()) == (2, renewed.public_id)
    RetentionService(result_deletion(sessions, audit, keeping, snapshots=snapshot_folders), days=1).purge()
    assert snapshots.verify(renewed.public_id).is_dir()
    with sessions.begin() as session:
        for item in session.scalars(select(CaseItem)):
            item.analysis.created_at = now() - timedelta(days=2)
    RetentionService(result_deletion(sessions, audit, keeping, snapshots=snapshot_folders), days=1).purge()
    assert files(snapshot_folders.root) == []
    assert error_code(snapshots.verify, renewed.public_id) == "stale_snapshot"


def test_an_undone_decision_makes_a_snapshot_stale(
    uploads: SyntheticUploads, sessions: Sessions, snapshots: SnapshotService
) -> None:
    uploads.users.upload_and_decide(uploads.faces(2, 0))
    frozen = snapshots.freeze()
    with sessions.begin() as session:
        session.query(Decision).first().undone_at = now()  # type: ignore[union-attr]
    assert error_code(snapshots.verify, frozen.public_id) == "stale_snapshot"
    assert not snapshots.folders.of(frozen.public_id).exists()


@pytest.mark.parametrize("what", ["picture", "manifest", "seal", "more", "less"])
def test_a_changed_folder_is_detected(
    uploads: SyntheticUploads, snapshots: SnapshotService, what: str
) -> None:
    uploads.users.upload_and_decide(uploads.faces(2, 1))
    frozen = snapshots.freeze()
    folder = snapshots.verify(frozen.public_id)
    picture = next((folder / "faces").iterdir())
    if what == "picture":
        image = cv2.imread(str(picture))
        image[0, 0] ^= 1
        cv2.imwrite(str(picture), image)
    elif what == "manifest":
        (folder / "manifest.csv").write_text((folder / "manifest.csv").read_text().replace("real", "fake"))
    elif what == "seal":
        (folder / INDEX_FILE).write_text((folder / INDEX_FILE).read_text() + " ")
    elif what == "more":
        (folder / "faces" / "more.png").write_bytes(b"")
    else:
        picture.unlink()
    assert error_code(snapshots.verify, frozen.public_id) == "snapshot_changed"


def test_the_sweep_removes_a_folder_without_a_row_after_an_hour(
    uploads: SyntheticUploads, sessions: Sessions, snapshots: SnapshotService
) -> None:
    uploads.users.upload_and_decide(uploads.faces(2, 0))
    frozen = snapshots.freeze()
    left = snapshots.folders.of("0" * 32)
    left.mkdir()
    # A snapshot that is being made may have no row yet.
    assert snapshots.sweep() == []
    then = time.time() - 7200
    os.utime(left, (then, then))
    os.utime(snapshots.folders.of(frozen.public_id), (then, then))
    assert snapshots.sweep() == [left.name]
    with sessions() as session:
        assert session.scalars(select(Snapshot.public_id)).all() == [frozen.public_id]
    assert Path(snapshots.verify(frozen.public_id)).is_dir()


def test_a_face_that_is_not_judged_is_not_frozen(
    uploads: SyntheticUploads, sessions: Sessions, snapshots: SnapshotService
) -> None:
    uploads.users.upload_and_decide(uploads.faces(2, 0))
    with sessions.begin() as session:
        face = session.scalars(select(Face).order_by(Face.id)).first()
        assert face is not None
        face.fake_logit = face.fake_prob = face.verdict = None
        face.not_judged = "hidden"
    frozen = snapshots.freeze()
    assert (frozen.real, frozen.left_out) == (1, {"no_one_face": 1})
