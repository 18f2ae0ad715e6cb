from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.enums import Split
from webapp.services.training.splits import (
    GOLD_SHARE,
    VAL_SHARE,
    assign_splits,
    count_splits,
    group_near_duplicates,
    split_of_group,
)


def test_near_duplicates_and_analyses_of_one_file_share_the_group_of_the_oldest() -> None:
    files = {5: "e", 2: "b", 9: "b", 3: "c", 7: "g"}
    groups = group_near_duplicates(files, [(5, 3), (3, 9)])
    assert groups == {2: "b", 9: "b", 3: "b", 5: "b", 7: "g"}


@given(st.dictionaries(st.integers(1, 30), st.text("abcdef", min_size=1, max_size=2), min_size=1), st.data())
def test_no_pair_crosses_splits_and_a_new_analysis_moves_no_other(
    files: dict[int, str], data: st.DataObject
) -> None:
    analyses = st.sampled_from(sorted(files))
    pairs = data.draw(st.lists(st.tuples(analyses, analyses), max_size=20))
    before = assign_splits(group_near_duplicates(files, pairs), {})
    assert all(before[one] == before[other] for one, other in pairs)

    newcomer = max(files) + 1
    neighbours = data.draw(st.lists(analyses, max_size=3))
    more_pairs = [*pairs, *((newcomer, other) for other in neighbours)]
    groups = group_near_duplicates({**files, newcomer: "z"}, more_pairs)
    after = assign_splits(groups, {analysis: str(split) for analysis, split in before.items()})
    assert {analysis: after[analysis] for analysis in files} == before
    splits = {before[other] for other in neighbours}
    if len(splits) > 1:
        assert after[newcomer] is None
    elif splits:
        assert after[newcomer] in splits


def test_gold_and_val_get_about_their_shares() -> None:
    counts = count_splits([split_of_group(f"{number:064x}") for number in range(4000)])
    assert abs(counts[Split.GOLD] / 4000 - GOLD_SHARE) < 0.02
    assert abs(counts[Split.VAL] / 4000 - VAL_SHARE) < 0.02
    assert sum(counts.values()) == 4000
