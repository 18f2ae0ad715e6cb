"""Search for near-duplicates by perceptual hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from webapp.db.tables import Fingerprint

BANDS = 4
_BITS = 16
# Bits. From 12 on, every band may differ in three bits, and probing is no faster than a full scan.
MAX_DISTANCE = 11


@dataclass(frozen=True)
class NearDuplicate:
    """Analysis with a fingerprint that differs in `distance` bits."""

    analysis_id: int
    distance: int


def fingerprint_row(number: int, bits: int) -> Fingerprint:
    """Return the row that stores a hash of 64 bits."""
    return Fingerprint(number=number, **{f"band_{n + 1}": band for n, band in enumerate(_bands(bits))})


def fingerprint_bits(row: Fingerprint) -> int:
    """Return the hash of 64 bits that a row stores."""
    bits = 0
    for band in (row.band_1, row.band_2, row.band_3, row.band_4):
        bits = bits << _BITS | band
    return bits


def near_duplicates(session: Session, bits: int, *, distance: int = 8) -> list[NearDuplicate]:
    """Return all analyses with a fingerprint at most `distance` bits away, nearest first.

    If two hashes differ in d bits, one of the four bands differs in at most d // 4. So each band's index is
    probed with all values that near: 1 value for up to 3 bits, 17 for up to 7, 137 for up to 11. Raises
    ValueError for a larger distance.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"the distance must be from 0 to {MAX_DISTANCE} bits, not {distance}")
    columns = (Fingerprint.band_1, Fingerprint.band_2, Fingerprint.band_3, Fingerprint.band_4)
    selected = (Fingerprint.analysis_id, *columns)
    target = _bands(bits)
    probes = [
        select(*selected).where(column.in_(list(_around(band, distance // BANDS))))
        for column, band in zip(columns, target, strict=True)
    ]
    nearest: dict[int, int] = {}
    for analysis_id, *bands in session.execute(union(*probes)):
        apart = sum((band ^ other).bit_count() for band, other in zip(bands, target, strict=True))
        if apart <= distance:
            nearest[analysis_id] = min(apart, nearest.get(analysis_id, apart))
    return [NearDuplicate(*pair) for pair in sorted(nearest.items(), key=lambda pair: (pair[1], pair[0]))]


def _bands(bits: int) -> tuple[int, ...]:
    return tuple(bits >> _BITS * (BANDS - 1 - n) & 0xFFFF for n in range(BANDS))


def _around(band: int, radius: int) -> Iterator[int]:
    """Yield all values that differ from a band in at most `radius` bits."""
    for count in range(radius + 1):
        for places in combinations(range(_BITS), count):
            yield band ^ sum(1 << place for place in places)
