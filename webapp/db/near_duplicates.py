"""Which analyses are of nearly the same picture, by their fingerprints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from webapp.db.tables import Fingerprint

BANDS = 4
_BITS = 16
MAX_DISTANCE = (
    11  # bits; from 12 on every band may differ in three, and probing would be no better than reading all
)


@dataclass(frozen=True)
class Near:
    """An analysis with a fingerprint that differs in `distance` bits from the one asked for."""

    analysis_id: int
    distance: int


def fingerprint_row(number: int, bits: int) -> Fingerprint:
    """The row of a hash of 64 bits."""
    return Fingerprint(number=number, **{f"band_{n + 1}": band for n, band in enumerate(_bands(bits))})


def fingerprint_bits(row: Fingerprint) -> int:
    return sum(
        band << _BITS * (BANDS - 1 - n)
        for n, band in enumerate((row.band_1, row.band_2, row.band_3, row.band_4))
    )


def near(session: Session, bits: int, *, distance: int = 8) -> list[Near]:
    """All analyses with a fingerprint at most `distance` bits away, nearest first.

    Of two hashes that differ in d bits at least one band differs in d // 4 or fewer, so it is enough to look up, in each band's index,
    the values that far from it: 1 for up to 3 bits, 17 for up to 7, 137 for up to 11. Raises ValueError for a larger distance.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"the distance must be from 0 to {MAX_DISTANCE} bits, not {distance}")
    columns = (Fingerprint.band_1, Fingerprint.band_2, Fingerprint.band_3, Fingerprint.band_4)
    found = (Fingerprint.analysis_id, *columns)
    wanted = _bands(bits)
    looks = [
        select(*found).where(column.in_(list(_around(band, distance // BANDS))))
        for column, band in zip(columns, wanted, strict=True)
    ]
    nearest: dict[int, int] = {}
    for analysis_id, *bands in session.execute(union(*looks)):
        apart = sum((band ^ asked).bit_count() for band, asked in zip(bands, wanted, strict=True))
        if apart <= distance:
            nearest[analysis_id] = min(apart, nearest.get(analysis_id, apart))
    return [Near(*pair) for pair in sorted(nearest.items(), key=lambda pair: (pair[1], pair[0]))]


def _bands(bits: int) -> tuple[int, ...]:
    return tuple(bits >> _BITS * (BANDS - 1 - n) & 0xFFFF for n in range(BANDS))


def _around(band: int, radius: int) -> Iterator[int]:
    """All values that differ from a band in at most `radius` bits."""
    for count in range(radius + 1):
        for places in combinations(range(_BITS), count):
            yield band ^ sum(1 << place for place in places)
