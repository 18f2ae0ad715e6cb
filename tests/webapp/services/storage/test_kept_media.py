"""Kept files, alone and shared by two visitors."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, text

from laanet_core.media.images import read_image
from tests.webapp import private
from tests.webapp.keepers import Reader, keeper, receipt_of
from tests.webapp.services.storage.conftest import Pixels, age, assert_rows_and_files_agree, counts, files
from webapp.db.session import Sessions
from webapp.db.tables import Consent
from webapp.domain.consent import CONSENT_VERSION
from webapp.media.fingerprint import fingerprint
from webapp.media.store import MediaStore
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptFile, KeptMediaService

pytestmark = pytest.mark.both_databases


def test_without_consent_hashes_stay_and_nothing_else(
    service: AnalysisService,
    receipts: ReceiptService,
    sessions: Sessions,
    photo: Path,
    folder: Path,
    tmp_path: Path,
) -> None:
    answer = service.analyse(photo)
    assert (answer.is_kept, answer.not_kept) == (False, None)
    media = receipts.result(receipt_of(answer)).to_json()["media"]
    expected = f"{fingerprint(read_image(photo)):016x}"
    assert media == {
        "sha256": hashlib.sha256(photo.read_bytes()).hexdigest(),
        "fingerprints": [expected],
        "consent": None,
        "kept_since": None,
        "kept": None,
    }
    assert counts(sessions) == (0, 0)
    assert files(folder) == []


def test_with_consent_the_bare_file_is_kept_and_comes_back(
    service: AnalysisService,
    receipts: ReceiptService,
    keeping: KeptMediaService,
    sessions: Sessions,
    photo: Path,
    folder: Path,
) -> None:
    answer = service.analyse(photo, consent=True)
    assert (answer.is_kept, answer.not_kept) == (True, None)
    (name,) = files(folder)
    kept = (folder / name).read_bytes()
    assert not any(secret in kept for secret in private.SECRETS)
    with sessions() as session:
        (consent,) = session.query(Consent).all()
        assert consent.media is not None
        assert (consent.media.name, consent.media.kind, consent.media.format, consent.media.bytes) == (
            name,
            "image",
            "jpeg",
            len(kept),
        )
        assert keeping.read(KeptFile(consent.media.name, consent.media.format)) == kept
        assert (consent.orientation, consent.text_version) == (6, CONSENT_VERSION)
    digest = hashlib.sha256(kept).hexdigest()
    assert name not in digest
    media = receipts.result(receipt_of(answer)).to_json()["media"]
    assert media["kept"] == {"sha256": digest, "bytes": len(kept), "format": "jpeg"}
    assert media["kept_since"] == media["consent"]["given_at"] == answer.created.isoformat()


def test_clips_are_kept_and_known_by_three_of_their_frames(
    service: AnalysisService, receipts: ReceiptService, rgb: Pixels, tmp_path: Path, folder: Path
) -> None:
    frames = [np.roll(rgb, 31 * number, axis=1) for number in range(8)]
    media = receipts.result(
        receipt_of(service.analyse(private.clip(tmp_path / "clip.mp4", frames), consent=True))
    ).to_json()["media"]
    assert media["kept"]["format"] == "mp4"
    assert len(media["fingerprints"]) == 3
    assert len(files(folder)) == 1


def test_two_visitors_share_one_file_and_each_holds_it(
    service: AnalysisService,
    receipts: ReceiptService,
    sessions: Sessions,
    photo: Path,
    rgb: Pixels,
    tmp_path: Path,
    folder: Path,
) -> None:
    other = tmp_path / "the same, from another phone.jpg"
    other.write_bytes(private.picture(rgb, "JPEG", quality=90))  # other metadata, and upright
    assert other.read_bytes() != photo.read_bytes()
    first, second = (receipt_of(service.analyse(path, consent=True)) for path in (photo, other))
    assert counts(sessions) == (1, 2)
    (name,) = files(folder)
    receipts.delete(first)
    assert (counts(sessions), files(folder)) == ((1, 1), [name])
    assert receipts.result(second).to_json()["media"]["kept"] is not None
    receipts.delete(second)
    assert (counts(sessions), files(folder)) == ((0, 0), [])


def test_rejected_files_are_not_kept(
    service: AnalysisService, detector: object, sessions: Sessions, keeping: KeptMediaService, tmp_path: Path
) -> None:
    (tmp_path / "words.jpg").write_text("no picture")
    answer = AnalysisService(detector, AnalysisStore(sessions, kept_media=keeping), Jobs(), frames=4).analyse(
        tmp_path / "words.jpg", consent=True
    )  # type: ignore[arg-type]
    assert (answer.result.outcome, answer.is_kept, answer.not_kept) == ("rejected", False, "not_kept")


def at_once(work: Sequence[Callable[[], None]]) -> None:
    """Run them in threads that start together; an error of any of them is raised."""
    barrier, errors = threading.Barrier(len(work)), list[BaseException]()

    def run(one: Callable[[], None]) -> None:
        barrier.wait()
        try:
            one()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def share_and_delete(
    service: AnalysisService, receipts: ReceiptService, photo: Path, rounds: int
) -> list[str]:
    """One visitor per round deletes while two others upload the same file; the remaining receipts keep it."""
    held = [receipt_of(service.analyse(photo, consent=True))]
    for _ in range(rounds):
        given: list[str] = []

        def give(given: list[str] = given) -> None:
            answer = service.analyse(photo, consent=True)
            assert (answer.is_kept, answer.not_kept) == (True, None)
            given.append(receipt_of(answer))

        last = held.pop()
        at_once([lambda last=last: receipts.delete(last), give, give])  # type: ignore[misc]
        for receipt in given[1:] + held:  # so that the next deletion is of the last holder again
            receipts.delete(receipt)
        held = given[:1]
    return held


@pytest.mark.parametrize("rounds", [12, pytest.param(300, marks=pytest.mark.proof)])
def test_a_deletion_while_the_same_is_stored_loses_nothing(
    service: AnalysisService,
    receipts: ReceiptService,
    sessions: Sessions,
    photo: Path,
    folder: Path,
    rounds: int,
) -> None:
    (held,) = share_and_delete(service, receipts, photo, rounds)
    assert receipts.result(held).to_json()["media"]["kept"] is not None
    assert counts(sessions) == (1, 1)
    assert_rows_and_files_agree(sessions, folder)


def test_a_full_store_is_said_and_the_answer_stays(
    sessions: Sessions,
    store: MediaStore,
    receipts: ReceiptService,
    photo: Path,
    rgb: Pixels,
    tmp_path: Path,
    folder: Path,
) -> None:
    first = keeper(sessions, KeptMediaService(sessions, store, quota=30_000)).analyse(photo, consent=True)
    assert first.is_kept
    room = keeper(
        sessions, KeptMediaService(sessions, store, quota=(folder / files(folder)[0]).stat().st_size)
    )
    other = tmp_path / "other.png"
    Image.fromarray(255 - rgb).save(other)
    answer = room.analyse(other, consent=True)
    assert (answer.is_kept, answer.not_kept) == (False, "store_full")
    media = receipts.result(receipt_of(answer)).to_json()["media"]
    assert (media["kept"], media["kept_since"]) == (None, None)
    assert media["consent"]["text_version"] == CONSENT_VERSION
    assert len(files(folder)) == 1
    assert room.analyse(photo, consent=True).is_kept  # what is there already takes no room
    receipts.delete(receipt_of(first))
    assert len(files(folder)) == 1


def test_writers_at_once_do_not_pass_the_quota(
    sessions: Sessions, store: MediaStore, engine: Engine, rgb: Pixels, tmp_path: Path, folder: Path
) -> None:
    paths = []
    for number in range(8):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(np.roll(rgb, 9 * number, axis=1)).save(paths[-1], compress_level=0)
    quota = 3 * paths[0].stat().st_size + 1000
    service = keeper(sessions, KeptMediaService(sessions, store, quota=quota))
    refusals: list[str | None] = []

    def analyse(path: Path) -> None:
        refusals.append(service.analyse(path, consent=True).not_kept)

    at_once([functools.partial(analyse, path) for path in paths])
    assert len(refusals) == 8
    assert refusals.count(None) == len(files(folder)) == counts(sessions)[0]
    if (
        engine.dialect.name == "sqlite"
    ):  # one writer at a time; PostgreSQL may pass by a file for each that writes at that moment
        assert refusals.count(None) == 3


def test_a_store_that_fails_is_said_and_the_answer_stays(
    sessions: Sessions, receipts: ReceiptService, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "in the way").touch()
    answer = keeper(
        sessions, KeptMediaService(sessions, MediaStore(str(tmp_path / "in the way")), quota=10**9)
    ).analyse(photo, consent=True)
    assert (answer.is_kept, answer.not_kept) == (False, "not_kept")
    assert receipts.result(receipt_of(answer)).to_json()["media"]["kept"] is None


def test_an_answer_that_cannot_be_stored_leaves_a_file_for_the_sweep_only(
    service: AnalysisService, keeping: KeptMediaService, engine: Engine, photo: Path, folder: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE face"))
        connection.execute(text("ALTER TABLE analysis RENAME TO elsewhere"))
    answer = service.analyse(photo, consent=True)
    assert (answer.receipt, answer.is_kept, answer.not_kept) == (None, False, None)
    (orphan,) = files(folder)
    assert keeping.sweep().removed == ()  # its row might still come
    age(folder / orphan)
    assert keeping.sweep().removed == (orphan,)
    assert files(folder) == []


def test_the_reader_sees_what_the_detector_sees(detector: object, samples: Path) -> None:
    """So that what is tried here with the one holds for the other."""
    pictures: dict[str, list[int]] = {"reader": [], "detector": []}
    Reader().analyse_file(
        samples / "two_people.jpg", on_frame=lambda frame: pictures["reader"].append(fingerprint(frame.rgb))
    )
    detector.analyse_file(
        samples / "two_people.jpg", on_frame=lambda frame: pictures["detector"].append(fingerprint(frame.rgb))
    )  # type: ignore[attr-defined]
    assert pictures["reader"] == pictures["detector"]
    assert len(pictures["reader"]) == 1
