"""Which items are learned from, which choose thresholds and which are gold: near-duplicates together, and for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from webapp.domain.enums import Part

GOLD_SHARE, VAL_SHARE = 0.2, 0.15


def groups(sources: Mapping[int, str], alike: Iterable[tuple[int, int]]) -> dict[int, str]:
    """The group's id of every analysis: those of one file, or nearly alike, and whatever is like those, make one.

    `sources` gives the sha256 of each analysis's file. The id is that of the oldest member's file, so that it stays when more join.
    """
    parent = {analysis: analysis for analysis in sources}

    def root(analysis: int) -> int:
        while parent[analysis] != analysis:
            parent[analysis] = parent[parent[analysis]]
            analysis = parent[analysis]
        return analysis

    first: dict[str, int] = {}
    same = [(first.setdefault(source, analysis), analysis) for analysis, source in sorted(sources.items())]
    for one, other in [*same, *alike]:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {analysis: sources[root(analysis)] for analysis in sources}


def parts(of_group: Mapping[int, str], earlier: Mapping[int, str]) -> dict[int, Part | None]:
    """The part of every analysis. What was in a snapshot before stays what it was, and so do those like it.

    A newcomer that is like members of two different parts gets none: whichever it joined, it would cross.
    """
    members: dict[str, list[int]] = {}
    for analysis, group in of_group.items():
        members.setdefault(group, []).append(analysis)
    found: dict[int, Part | None] = {}
    for group, analyses in members.items():
        known = {Part(earlier[analysis]) for analysis in analyses if analysis in earlier}
        joined = drawn(group) if not known else next(iter(known)) if len(known) == 1 else None
        found.update(
            {analysis: Part(earlier[analysis]) if analysis in earlier else joined for analysis in analyses}
        )
    return found


def drawn(group: str) -> Part:
    """By the group's id alone, so that every snapshot of every installation draws the same."""
    place = int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32
    return Part.GOLD if place < GOLD_SHARE else Part.VAL if place < GOLD_SHARE + VAL_SHARE else Part.TRAIN


def count(chosen: Sequence[Part]) -> dict[str, int]:
    return {str(part): chosen.count(part) for part in Part}
