"""NearDuplicate copies by fingerprint: the indexes find what a look at every row finds."""

from __future__ import annotations

import io
import random
import time
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, event, insert, text

from laanet_core.media.images import read_image
from webapp.db.near_duplicates import (
    MAX_DISTANCE,
    NearDuplicate,
    fingerprint_bits,
    fingerprint_row,
    near_duplicates,
)
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Fingerprint
from webapp.domain.clock import now
from webapp.media.fingerprint import fingerprint
from webapp.security.tokens import new_receipt, receipt_hash


def fill(sessions: Sessions, hashes: list[int]) -> None:
    """An analysis for each, numbered from 1."""
    same = {
        "created_at": now(),
        "media_sha256": "0" * 64,
        "kind": "image",
        "outcome": "no_face",
        "seconds": 0.1,
        "model_name": "m",
        "model_version": "1",
        "model_sha256": "1" * 64,
        "notify": False,
    }
    with sessions.begin() as session:
        for start in range(0, len(hashes), 5000):
            part = list(enumerate(hashes[start : start + 5000], start=start + 1))
            session.execute(
                insert(Analysis),
                [{**same, "id": number, "receipt_hash": receipt_hash(new_receipt())} for number, _ in part],
            )
            rows = [(number, fingerprint_row(0, bits)) for number, bits in part]
            values = [
                {
                    "analysis_id": n,
                    "number": 0,
                    **{f"band_{b}": getattr(row, f"band_{b}") for b in (1, 2, 3, 4)},
                }
                for n, row in rows
            ]
            session.execute(insert(Fingerprint), values)
    with sessions() as session:
        session.execute(text("ANALYZE"))


def flipped(bits: int, count: int, chance: random.Random) -> int:
    return bits ^ sum(1 << place for place in chance.sample(range(64), count))


def read_all(hashes: list[int], bits: int, distance: int) -> list[NearDuplicate]:
    apart = [(number, (bits ^ other).bit_count()) for number, other in enumerate(hashes, start=1)]
    return [
        NearDuplicate(number, d)
        for number, d in sorted(apart, key=lambda pair: (pair[1], pair[0]))
        if d <= distance
    ]


def test_hashes_of_64_bits_come_back_whole() -> None:
    for bits in (0, 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF):
        assert fingerprint_bits(fingerprint_row(0, bits)) == bits


@pytest.mark.both_databases
@pytest.mark.parametrize("count", [2000, pytest.param(100_000, marks=pytest.mark.proof)])
def test_the_indexes_find_what_reading_all_finds(sessions: Sessions, engine: Engine, count: int) -> None:
    chance = random.Random(count)
    wanted = [chance.getrandbits(64) for _ in range(4)]
    hashes = [flipped(wanted[n % 4], n % 15, chance) for n in range(120)] + [
        chance.getrandbits(64) for _ in range(count - 120)
    ]
    chance.shuffle(hashes)
    fill(sessions, hashes)
    slowest = 0.0
    for bits in wanted:
        for distance in (0, 3, 7, MAX_DISTANCE):
            with sessions() as session:
                started = time.perf_counter()
                found = near_duplicates(session, bits, distance=distance)
                slowest = max(slowest, time.perf_counter() - started)
            assert found == read_all(hashes, bits, distance)
            assert len(found) > distance
    print(f"{engine.dialect.name}: of {count} rows, the slowest of 16 questions took {1000 * slowest:.1f} ms")
    with sessions() as session, pytest.raises(ValueError, match="distance"):
        near_duplicates(session, 0, distance=MAX_DISTANCE + 1)


def test_every_band_is_looked_up_in_its_index(sessions: Sessions, engine: Engine) -> None:
    chance = random.Random(1)
    fill(sessions, [chance.getrandbits(64) for _ in range(2000)])
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _k, statement, values, *_: asked.append((statement, values)),
    )
    with sessions() as session:
        near_duplicates(session, 5, distance=7)
        statement, values = asked[-1]
        plan = str(session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
    assert all(f"ix_fingerprint_band_{n}" in plan for n in (1, 2, 3, 4))
    assert "SCAN fingerprint" not in plan


def test_a_clip_counts_by_its_nearest_frame(sessions: Sessions) -> None:
    fill(sessions, [0])
    with sessions.begin() as session:
        for number, band in ((1, 0b11), (2, 0xFFFF)):
            session.add(Fingerprint(analysis_id=1, number=number, band_1=0, band_2=0, band_3=0, band_4=band))
    with sessions() as session:
        assert near_duplicates(session, 0b111, distance=3) == [NearDuplicate(1, 1)]


def test_near_copies_are_near_and_other_pictures_are_not(samples: Path) -> None:
    rgb = read_image(samples / "two_people.jpg")
    own = fingerprint(rgb)

    def again(image: Image.Image, **how: object) -> np.ndarray:
        written = io.BytesIO()
        image.save(written, **how)  # type: ignore[arg-type]
        return read_image(written.getvalue())

    image = Image.fromarray(rgb)
    copies = [
        again(image, format="JPEG", quality=40),
        again(image.resize((image.width // 3, image.height // 3)), format="PNG"),
        again(image.point(lambda value: min(255, value + 20)), format="WEBP", quality=60),
    ]
    assert max((own ^ fingerprint(copy)).bit_count() for copy in copies) <= 7
    others = [
        np.ascontiguousarray(rgb[:, ::-1]),
        read_image(samples / "astronaut.png"),
        read_image(samples / "official_portrait_2012.jpg"),
    ]
    assert min((own ^ fingerprint(other)).bit_count() for other in others) > MAX_DISTANCE


@pytest.mark.parametrize("name", ["two_people.jpg", "astronaut.png", "official_portrait_2012.jpg"])
def test_a_large_picture_has_the_hash_that_imagehash_gives_it_or_nearly(samples: Path, name: str) -> None:
    rgb = read_image(samples / name)
    for side in (200, 300, 777, 2000):
        size = (side, round(side * rgb.shape[0] / rgb.shape[1]))
        picture = np.asarray(Image.fromarray(rgb).resize(size))
        wanted = int(str(imagehash.phash(Image.fromarray(picture))), 16)
        assert (fingerprint(picture) ^ wanted).bit_count() <= 2


def test_a_drawing_has_it_too_though_its_edge_is_not_a_whole_number_of_blocks() -> None:
    side = 1289
    down, right = np.mgrid[:side, :side] - side // 2
    circle = np.repeat(np.where(np.hypot(down, right) < 400, 255, 0).astype(np.uint8)[..., None], 3, axis=2)
    wanted = int(str(imagehash.phash(Image.fromarray(circle))), 16)
    assert (fingerprint(circle) ^ wanted).bit_count() <= 2
