"""Search for near-duplicates by perceptual hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import bindparam, select, union
from sqlalchemy.orm import Session

from webapp.db.tables import Analysis, Fingerprint

# A hash of 64 bits is stored in four bands of 16 bits.
BANDS = 4
_BAND_BITS = 16
_BAND_MASK = 0xFFFF
# Bits. From 12 on, every band may differ in three bits, and probing is no faster than a full scan.
MAX_DISTANCE = 11

_COLUMNS = (Fingerprint.band_1, Fingerprint.band_2, Fingerprint.band_3, Fingerprint.band_4)
# Made once, because SQLAlchemy needs milliseconds for the hundreds of values of a new query.
_PROBES = union(
    *(
        select(Fingerprint.analysis_id, *_COLUMNS).where(column.in_(bindparam(column.name, expanding=True)))
        for column in _COLUMNS
    )
)


@dataclass(frozen=True)
class NearDuplicate:
    """Analysis with a fingerprint that differs in `distance` bits."""

    analysis_id: int
    distance: int


def fingerprint_row(number: int, bits: int) -> Fingerprint:
    """Return the row that stores a hash of 64 bits; `number` counts the hashes of one analysis from 0."""
    band_1, band_2, band_3, band_4 = _bands(bits)
    return Fingerprint(number=number, band_1=band_1, band_2=band_2, band_3=band_3, band_4=band_4)


def fingerprint_bits(row: Fingerprint) -> int:
    """Return the hash of 64 bits that a row stores."""
    bits = 0
    for band in (row.band_1, row.band_2, row.band_3, row.band_4):
        bits = bits << _BAND_BITS | band
    return bits


def near_duplicates(session: Session, bits: int, *, distance: int = 8) -> list[NearDuplicate]:
    """Return all analyses with a fingerprint at most `distance` bits away, nearest first.

    If two hashes differ in d bits, one of the four bands differs in at most d // 4. So each band's index is
    probed with all values that near: 1 value for up to 3 bits, 17 for up to 7, 137 for up to 11. Raises
    ValueError for a larger distance.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"the distance must be from 0 to {MAX_DISTANCE} bits, not {distance}")
    target_bands = _bands(bits)
    near_values = {
        column.name: list(_around(target_band, distance // BANDS))
        for column, target_band in zip(_COLUMNS, target_bands, strict=True)
    }
    # Distance of the nearest fingerprint, by analysis.
    nearest: dict[int, int] = {}
    for analysis_id, *bands in session.execute(_PROBES, near_values):
        differing_bits = 0
        for band, target_band in zip(bands, target_bands, strict=True):
            differing_bits += (band ^ target_band).bit_count()
        if differing_bits <= distance:
            nearest[analysis_id] = min(differing_bits, nearest.get(analysis_id, differing_bits))
    duplicates = [NearDuplicate(analysis_id, bits_apart) for analysis_id, bits_apart in nearest.items()]
    return sorted(duplicates, key=lambda duplicate: (duplicate.distance, duplicate.analysis_id))


def near_analyses(session: Session, analysis: Analysis) -> dict[int, int]:
    """Return the ids of an analysis's near-duplicates, each with the smallest distance in bits."""
    distances: dict[int, int] = {}
    for fingerprint in analysis.fingerprints:
        for duplicate in near_duplicates(session, fingerprint_bits(fingerprint)):
            known_distance = distances.get(duplicate.analysis_id, duplicate.distance)
            distances[duplicate.analysis_id] = min(duplicate.distance, known_distance)
    distances.pop(analysis.id, None)
    return distances


def _bands(bits: int) -> tuple[int, ...]:
    """Return the four bands of a hash, most significant first."""
    shifts = [_BAND_BITS * (BANDS - 1 - index) for index in range(BANDS)]
    return tuple(bits >> shift & _BAND_MASK for shift in shifts)


def _around(band: int, radius: int) -> Iterator[int]:
    """Yield all values that differ from a band in at most `radius` bits."""
    for count in range(radius + 1):
        for places in combinations(range(_BAND_BITS), count):
            yield band ^ sum(1 << place for place in places)
