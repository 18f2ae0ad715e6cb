"""What stays of a file, how long, and that nothing of it stays afterwards."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from sqlalchemy import Engine, text

from laanet_core.images import read_image
from tests.webapp import private
from tests.webapp.keepers import Reader, keeper, receipt_of
from tests.webapp.test_feedback import mask, png
from webapp.db.copies import make_copy
from webapp.db.session import Sessions
from webapp.db.tables import Consent, Media
from webapp.domain import CONSENT_VERSION, Refused, new_key, receipt_hash
from webapp.media.fingerprint import fingerprint
from webapp.media.store import MediaStore, StoreFailed
from webapp.services.analysis import AnalysisService
from webapp.services.feedback import FeedbackService, Submission
from webapp.services.jobs import Jobs
from webapp.services.keeping import Keeping
from webapp.services.receipts import ReceiptService

pytestmark = pytest.mark.both_databases
Pixels = npt.NDArray[np.uint8]


@pytest.fixture
def rgb(samples: Path) -> Pixels:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:240, 100:340])


@pytest.fixture
def photo(tmp_path: Path, rgb: Pixels) -> Path:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(private.picture(rgb, "JPEG", orientation=6, quality=90))
    return path


@pytest.fixture
def service(sessions: Sessions, keeping: Keeping) -> AnalysisService:
    return keeper(sessions, keeping)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files lie that are kept."""
    return tmp_path / "deep" / "media"


def counts(sessions: Sessions) -> tuple[int, int]:
    with sessions() as session:
        return session.query(Media).count(), session.query(Consent).count()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_without_consent_hashes_stay_and_nothing_else(
    service: AnalysisService, receipts: ReceiptService, sessions: Sessions, photo: Path, folder: Path, tmp_path: Path
) -> None:
    answer = service.analyse(photo)
    assert (answer.kept, answer.not_kept) == (False, None)
    media = receipts.result(receipt_of(answer))["media"]
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
    service: AnalysisService, receipts: ReceiptService, keeping: Keeping, sessions: Sessions, photo: Path, folder: Path
) -> None:
    answer = service.analyse(photo, consent=True)
    assert (answer.kept, answer.not_kept) == (True, None)
    (name,) = files(folder)
    kept = (folder / name).read_bytes()
    assert not any(secret in kept for secret in private.SECRETS)
    with sessions() as session:
        (consent,) = session.query(Consent).all()
        assert consent.media is not None
        assert (consent.media.name, consent.media.kind, consent.media.format, consent.media.bytes) == (name, "image", "jpeg", len(kept))
        assert keeping.read(consent.media) == kept
        assert (consent.orientation, consent.text_version) == (6, CONSENT_VERSION)
    digest = hashlib.sha256(kept).hexdigest()
    assert name not in digest
    media = receipts.result(receipt_of(answer))["media"]
    assert media["kept"] == {"sha256": digest, "bytes": len(kept), "format": "jpeg"}
    assert media["kept_since"] == media["consent"]["given_at"] == answer.created.isoformat()


def test_clips_are_kept_and_known_by_three_of_their_frames(
    service: AnalysisService, receipts: ReceiptService, rgb: Pixels, tmp_path: Path, folder: Path
) -> None:
    frames = [np.roll(rgb, 31 * number, axis=1) for number in range(8)]
    media = receipts.result(receipt_of(service.analyse(private.clip(tmp_path / "clip.mp4", frames), consent=True)))["media"]
    assert media["kept"]["format"] == "mp4"
    assert len(media["fingerprints"]) == 3
    assert len(files(folder)) == 1


def test_two_visitors_share_one_file_and_each_holds_it(
    service: AnalysisService, receipts: ReceiptService, sessions: Sessions, photo: Path, rgb: Pixels, tmp_path: Path, folder: Path
) -> None:
    other = tmp_path / "the same, from another phone.jpg"
    other.write_bytes(private.picture(rgb, "JPEG", quality=90))  # other metadata, and upright
    assert other.read_bytes() != photo.read_bytes()
    first, second = (receipt_of(service.analyse(path, consent=True)) for path in (photo, other))
    assert counts(sessions) == (1, 2)
    (name,) = files(folder)
    receipts.delete(first)
    assert (counts(sessions), files(folder)) == ((1, 1), [name])
    assert receipts.result(second)["media"]["kept"] is not None
    receipts.delete(second)
    assert (counts(sessions), files(folder)) == ((0, 0), [])


def test_rejected_files_are_not_kept(
    service: AnalysisService, detector: object, sessions: Sessions, keeping: Keeping, tmp_path: Path
) -> None:
    (tmp_path / "words.jpg").write_text("no picture")
    answer = AnalysisService(detector, sessions, Jobs(), frames=4, keeping=keeping).analyse(tmp_path / "words.jpg", consent=True)  # type: ignore[arg-type]
    assert (answer.result.outcome, answer.kept, answer.not_kept) == ("rejected", False, "not_kept")


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


def share_and_delete(service: AnalysisService, receipts: ReceiptService, photo: Path, rounds: int) -> list[str]:
    """In each round one visitor deletes while two others give the same file; the receipts that are left hold it."""
    held = [receipt_of(service.analyse(photo, consent=True))]
    for _ in range(rounds):
        given: list[str] = []

        def give(given: list[str] = given) -> None:
            answer = service.analyse(photo, consent=True)
            assert (answer.kept, answer.not_kept) == (True, None)
            given.append(receipt_of(answer))

        last = held.pop()
        at_once([lambda last=last: receipts.delete(last), give, give])  # type: ignore[misc]
        for receipt in given[1:] + held:  # so that the next deletion is of the last holder again
            receipts.delete(receipt)
        held = given[:1]
    return held


def assert_rows_and_files_agree(sessions: Sessions, folder: Path) -> None:
    with sessions() as session:
        rows = {media.name: media.sha256 for media in session.query(Media).all()}
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == rows


@pytest.mark.parametrize("rounds", [12, pytest.param(300, marks=pytest.mark.proof)])
def test_a_deletion_while_the_same_is_stored_loses_nothing(
    service: AnalysisService, receipts: ReceiptService, sessions: Sessions, photo: Path, folder: Path, rounds: int
) -> None:
    (held,) = share_and_delete(service, receipts, photo, rounds)
    assert receipts.result(held)["media"]["kept"] is not None
    assert counts(sessions) == (1, 1)
    assert_rows_and_files_agree(sessions, folder)


def test_a_full_store_is_said_and_the_answer_stays(
    sessions: Sessions, store: MediaStore, receipts: ReceiptService, photo: Path, rgb: Pixels, tmp_path: Path, folder: Path
) -> None:
    first = keeper(sessions, Keeping(sessions, store, quota=30_000)).analyse(photo, consent=True)
    assert first.kept
    room = keeper(sessions, Keeping(sessions, store, quota=(folder / files(folder)[0]).stat().st_size))
    other = tmp_path / "other.png"
    Image.fromarray(255 - rgb).save(other)
    answer = room.analyse(other, consent=True)
    assert (answer.kept, answer.not_kept) == (False, "store_full")
    media = receipts.result(receipt_of(answer))["media"]
    assert (media["kept"], media["kept_since"]) == (None, None)
    assert media["consent"]["text_version"] == CONSENT_VERSION
    assert len(files(folder)) == 1
    assert room.analyse(photo, consent=True).kept  # what is there already takes no room
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
    service = keeper(sessions, Keeping(sessions, store, quota=quota))
    told: list[str | None] = []
    at_once([lambda path=path: told.append(service.analyse(path, consent=True).not_kept) for path in paths])  # type: ignore[misc]
    assert len(told) == 8
    assert told.count(None) == len(files(folder)) == counts(sessions)[0]
    if engine.dialect.name == "sqlite":  # one writer at a time; PostgreSQL may pass by a file for each that writes at that moment
        assert told.count(None) == 3


def test_a_store_that_fails_is_said_and_the_answer_stays(sessions: Sessions, receipts: ReceiptService, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "in the way").touch()
    answer = keeper(sessions, Keeping(sessions, MediaStore(str(tmp_path / "in the way")), quota=10**9)).analyse(photo, consent=True)
    assert (answer.kept, answer.not_kept) == (False, "not_kept")
    assert receipts.result(receipt_of(answer))["media"]["kept"] is None


def test_an_answer_that_cannot_be_stored_leaves_a_file_for_the_sweep_only(
    service: AnalysisService, keeping: Keeping, engine: Engine, photo: Path, folder: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE face"))
        connection.execute(text("ALTER TABLE analysis RENAME TO elsewhere"))
    answer = service.analyse(photo, consent=True)
    assert (answer.receipt, answer.kept, answer.not_kept) == (None, False, None)
    (orphan,) = files(folder)
    assert keeping.sweep().removed == ()  # its row might still come
    age(folder / orphan)
    assert keeping.sweep().removed == (orphan,)
    assert files(folder) == []


def age(path: Path, hours: float = 2) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_the_sweep_takes_old_files_without_a_row_and_reports_rows_without_a_file(
    service: AnalysisService,
    keeping: Keeping,
    sessions: Sessions,
    photo: Path,
    rgb: Pixels,
    tmp_path: Path,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Image.fromarray(255 - rgb).save(tmp_path / "other.png")
    service.analyse(photo, consent=True)
    (kept,) = files(folder)
    receipt_of(service.analyse(tmp_path / "other.png", consent=True))
    (lost,) = set(files(folder)) - {kept}
    for name in ("a" * 32, "b" * 32 + ".part", "c" * 32):
        (folder / name).write_bytes(b"left by a crash")
    for path in folder.iterdir():
        if not path.name.startswith("c"):
            age(path)
    (folder / lost).unlink()
    swept = keeping.sweep()
    assert swept.removed == ("a" * 32, "b" * 32 + ".part")
    assert swept.missing == (lost,)
    assert f"kept media is missing from the store: {lost}" in caplog.text
    assert counts(sessions) == (2, 2)  # the row stays, for whoever can bring the file back
    assert files(folder) == sorted([kept, "c" * 32])


def test_media_that_nobody_holds_any_more_goes_at_the_sweep(
    service: AnalysisService, keeping: Keeping, sessions: Sessions, photo: Path, folder: Path
) -> None:
    service.analyse(photo, consent=True)
    with sessions.begin() as session:
        session.execute(text("DELETE FROM analysis"))  # by whatever way
    (name,) = files(folder)
    age(folder / name)
    assert keeping.sweep().removed == (name,)
    assert counts(sessions) == (0, 0)


def test_a_file_that_cannot_be_removed_is_said_and_goes_later(
    service: AnalysisService,
    receipts: ReceiptService,
    keeping: Keeping,
    store: MediaStore,
    photo: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receipt = receipt_of(service.analyse(photo, consent=True))

    def stuck(_: str) -> None:
        raise StoreFailed("out of reach")

    with monkeypatch.context() as patched:
        patched.setattr(store, "remove", stuck)
        with pytest.raises(Refused) as refused:
            receipts.delete(receipt)
    assert refused.value.code == "file_left"
    (name,) = files(folder)
    with pytest.raises(Refused, match="no result"):
        receipts.result(receipt)
    age(folder / name)
    assert keeping.sweep().removed == (name,)


def everything(engine: Engine, folder: Path) -> bytes:
    """Every byte below a folder, and of a PostgreSQL database every value."""
    parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
            parts += [str(connection.execute(text(f'SELECT * FROM "{table}"')).all()).encode() for table in tables]
    return b"\n".join(parts)


def pictures(content: bytes) -> list[Pixels]:
    """Whatever in some bytes can be decoded as a picture, wherever it begins."""
    found = []
    for start in (b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF", b"ftyp"):
        place = content.find(start)
        while place >= 0:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    with Image.open(io.BytesIO(content[place - 4 * (start == b"ftyp") :])) as image:
                        found.append(np.asarray(image.convert("RGB"), np.uint8))
                except Exception:  # noqa: BLE001 - most places that look like a picture's beginning are none
                    pass
            place = content.find(start, place + 1)
    return found


@pytest.mark.parametrize("form", ["JPEG", "PNG", "HEIF"])
def test_after_a_deletion_no_search_finds_anything(
    service: AnalysisService,
    receipts: ReceiptService,
    feedback: FeedbackService,
    engine: Engine,
    rgb: Pixels,
    tmp_path: Path,
    form: str,
) -> None:
    """Receipt, digests as text and raw, perceptual hashes, pixels coded and decoded: in database, its copy, store."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    upload = tmp_path / "upload"
    upload.write_bytes(private.picture(rgb, form))
    data = tmp_path / "deep"
    other = tmp_path / "other.png"
    Image.fromarray(np.ascontiguousarray(rgb[::-1, ::-1])).save(other)
    stays = receipt_of(service.analyse(other, consent=True))
    receipt = receipt_of(service.analyse(upload, consent=True))
    feedback.submit(Submission(receipt, 0, "disagree", "words of the deleted", new_key(), ("eyes",), png(mask())))
    if engine.dialect.name == "sqlite":
        assert make_copy(engine, "before-trial") is not None
    media = receipts.result(receipt)["media"]
    before = everything(engine, data)
    shown = read_image(upload)
    seen = {len([found for found in pictures(part) if np.array_equal(found, shown)]) for part in (before,)}
    assert seen == {1}
    digests = [media["sha256"], media["kept"]["sha256"], receipt_hash(receipt)]
    kept = next(path.read_bytes() for path in (data / "media").iterdir() if hashlib.sha256(path.read_bytes()).hexdigest() == digests[1])
    middle = len(kept) // 2
    assert all(digest.encode() in before for digest in digests)
    assert kept[middle : middle + 200] in before
    receipts.delete(receipt)
    left = everything(engine, data)
    traces = [
        receipt.encode(),
        b"words of the deleted",
        kept[middle : middle + 64],
        *(digest.encode() for digest in digests),
        *(bytes.fromhex(digest) for digest in digests),
        *(bits.encode() for bits in media["fingerprints"]),
        *(bytes.fromhex(bits) for bits in media["fingerprints"]),
    ]
    assert [trace for trace in traces if trace in left] == []
    remaining = pictures(left)
    assert not any(np.array_equal(found, shown) for found in remaining)
    assert any(np.array_equal(found, read_image(other)) for found in remaining)  # the search does find what is there
    assert receipts.result(stays)["media"]["kept"] is not None


def test_old_files_wait_as_long_as_they_are_told_to(sessions: Sessions, store: MediaStore, folder: Path) -> None:
    name = store.write(b"no row yet")
    assert Keeping(sessions, store, quota=1, grace=timedelta(hours=1)).sweep().removed == ()
    assert Keeping(sessions, store, quota=1, grace=timedelta(seconds=-1)).sweep().removed == (name,)
    assert files(folder) == []


def test_the_reader_sees_what_the_detector_sees(detector: object, samples: Path) -> None:
    """So that what is tried here with the one holds for the other."""
    pictures: dict[str, list[int]] = {"reader": [], "detector": []}
    Reader().analyse_file(samples / "two_people.jpg", seen=lambda rgb: pictures["reader"].append(fingerprint(rgb)))
    detector.analyse_file(samples / "two_people.jpg", seen=lambda rgb: pictures["detector"].append(fingerprint(rgb)))  # type: ignore[attr-defined]
    assert pictures["reader"] == pictures["detector"]
    assert len(pictures["reader"]) == 1
