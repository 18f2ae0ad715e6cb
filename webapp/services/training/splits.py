"""Assignment of analyses to splits: near-duplicates share one, and no analysis ever changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from webapp.domain.enums import Split

GOLD_SHARE, VAL_SHARE = 0.2, 0.15


def group_near_duplicates(
    files: Mapping[int, str], near_duplicates: Iterable[tuple[int, int]]
) -> dict[int, str]:
    """Return the group of every analysis. Analyses of one file share a group, and so do near-duplicates,
    transitively.

    `files` maps analysis ids to the sha256 of their files. A group is named for the file of its oldest
    member, so that its name stays the same when others join.
    """
    parent = {analysis: analysis for analysis in files}

    def root(analysis: int) -> int:
        while parent[analysis] != analysis:
            parent[analysis] = parent[parent[analysis]]
            analysis = parent[analysis]
        return analysis

    first_of_file: dict[str, int] = {}
    same_file = [
        (first_of_file.setdefault(file, analysis), analysis) for analysis, file in sorted(files.items())
    ]
    for one, other in [*same_file, *near_duplicates]:
        older, newer = sorted((root(one), root(other)))
        parent[newer] = older
    return {analysis: files[root(analysis)] for analysis in files}


def assign_splits(groups: Mapping[int, str], earlier: Mapping[int, str]) -> dict[int, Split | None]:
    """Return the split of every analysis.

    `groups` maps analyses to groups, `earlier` to their splits in earlier snapshots. A new analysis joins the
    split of its group. It gets None if its group has members in two splits, because it would leak from one
    into the other.
    """
    members: dict[str, list[int]] = {}
    for analysis, group in groups.items():
        members.setdefault(group, []).append(analysis)
    splits: dict[int, Split | None] = {}
    for group, analyses in members.items():
        known = {Split(earlier[analysis]) for analysis in analyses if analysis in earlier}
        newcomers: Split | None = None
        if not known:
            newcomers = split_of_group(group)
        elif len(known) == 1:
            (newcomers,) = known
        for analysis in analyses:
            splits[analysis] = Split(earlier[analysis]) if analysis in earlier else newcomers
    return splits


def split_of_group(group: str) -> Split:
    """Return the split of a new group by a hash of its name: the same in every installation."""
    position = int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32
    if position < GOLD_SHARE:
        return Split.GOLD
    return Split.VAL if position < GOLD_SHARE + VAL_SHARE else Split.TRAIN


def count_splits(splits: Sequence[Split]) -> dict[str, int]:
    """Return the number of items in every split, by its name."""
    return {str(split): splits.count(split) for split in Split}
