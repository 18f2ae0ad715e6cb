"""Assignment of analyses to splits. Near-duplicates share a split; an analysis never changes its split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from webapp.domain.enums import Split

# Shares of new groups; the rest is for training
GOLD_SHARE = 0.2
VAL_SHARE = 0.15


def group_near_duplicates(
    files: Mapping[int, str], near_duplicates: Iterable[tuple[int, int]]
) -> dict[int, str]:
    """Return the name of the group of every analysis, by analysis id.

    Analyses of one file share a group, and so do near-duplicates, transitively (union-find). `files` maps
    analysis ids to the sha256 of their files. `near_duplicates` are pairs of analysis ids. The name of a
    group is the sha256 of its oldest member, so that it stays the same when newer analyses join.
    """
    # Each analysis points to an older member of its group; the oldest member points to itself.
    parent = {analysis: analysis for analysis in files}

    def oldest_member(analysis: int) -> int:
        while parent[analysis] != analysis:
            # Halve the path, so that later searches are short.
            parent[analysis] = parent[parent[analysis]]
            analysis = parent[analysis]
        return analysis

    first_of_file: dict[str, int] = {}
    same_file: list[tuple[int, int]] = []
    for analysis, file in sorted(files.items()):
        first = first_of_file.setdefault(file, analysis)
        same_file.append((first, analysis))
    for one, other in [*same_file, *near_duplicates]:
        older, newer = sorted((oldest_member(one), oldest_member(other)))
        parent[newer] = older
    return {analysis: files[oldest_member(analysis)] for analysis in files}


def assign_splits(groups: Mapping[int, str], earlier: Mapping[int, str]) -> dict[int, Split | None]:
    """Return the split of every analysis.

    `groups` maps analysis ids to groups; `earlier` maps those in earlier snapshots to their splits. A new
    analysis joins the split of its group. It gets None if its group has members in several splits, because
    near-duplicates in training and test data would inflate the measured accuracy.
    """
    members: dict[str, list[int]] = {}
    for analysis, group in groups.items():
        members.setdefault(group, []).append(analysis)
    splits: dict[int, Split | None] = {}
    for group, analyses in members.items():
        earlier_splits = {Split(earlier[analysis]) for analysis in analyses if analysis in earlier}
        split_of_new: Split | None = None
        if not earlier_splits:
            split_of_new = split_of_group(group)
        elif len(earlier_splits) == 1:
            (split_of_new,) = earlier_splits
        for analysis in analyses:
            splits[analysis] = Split(earlier[analysis]) if analysis in earlier else split_of_new
    return splits


def split_of_group(group: str) -> Split:
    """Return the split of a new group. It depends only on the hash of the name, not on the installation."""
    # The first 32 bits of the hash as a number in [0, 1).
    position = int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32
    if position < GOLD_SHARE:
        return Split.GOLD
    return Split.VAL if position < GOLD_SHARE + VAL_SHARE else Split.TRAIN


def count_splits(splits: Sequence[Split]) -> dict[str, int]:
    """Return the number of items in every split, by the name of the split."""
    return {str(split): splits.count(split) for split in Split}
