"""Traces of a file after its deletion."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, text

from laanet_core.media.images import read_image
from tests.webapp import private
from tests.webapp.keepers import receipt_of
from tests.webapp.painted_regions import mask, png
from tests.webapp.services.storage.conftest import Pixels
from webapp.db.sqlite_files import make_copy
from webapp.security.tokens import new_key, receipt_hash
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.results.receipts import ReceiptService

pytestmark = pytest.mark.both_databases


def everything(engine: Engine, folder: Path) -> bytes:
    """Every byte below a folder, and of a PostgreSQL database every value."""
    parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            tables = (
                connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
                .scalars()
                .all()
            )
            parts += [
                str(connection.execute(text(f'SELECT * FROM "{table}"')).all()).encode() for table in tables
            ]
    return b"\n".join(parts)


def pictures(content: bytes) -> list[Pixels]:
    """Return everything in some bytes that decodes as a picture, wherever it begins."""
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
    """Yield traces: receipt, digests, perceptual hashes, pixels; in the database, its copy and the store."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    upload = tmp_path / "upload"
    upload.write_bytes(private.picture(rgb, form))
    data = tmp_path / "deep"
    other = tmp_path / "other.png"
    Image.fromarray(np.ascontiguousarray(rgb[::-1, ::-1])).save(other)
    stays = receipt_of(service.analyse(other, consent=True))
    receipt = receipt_of(service.analyse(upload, consent=True))
    feedback.submit(
        Submission(receipt, 0, "disagree", "words of the deleted", new_key(), ("eyes",), png(mask()))
    )
    if engine.dialect.name == "sqlite":
        assert make_copy(engine, "before-trial") is not None
    media = receipts.result(receipt).to_json()["media"]
    before = everything(engine, data)
    shown = read_image(upload)
    seen = {len([found for found in pictures(part) if np.array_equal(found, shown)]) for part in (before,)}
    assert seen == {1}
    digests = [media["sha256"], media["kept"]["sha256"], receipt_hash(receipt)]
    kept = next(
        path.read_bytes()
        for path in (data / "media").iterdir()
        if hashlib.sha256(path.read_bytes()).hexdigest() == digests[1]
    )
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
    assert any(
        np.array_equal(found, read_image(other)) for found in remaining
    )  # the search does find what is there
    assert receipts.result(stays).to_json()["media"]["kept"] is not None
