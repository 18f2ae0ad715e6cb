from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.enums import Part
from webapp.services.training.splits import GOLD_SHARE, VAL_SHARE, drawn, groups, parts


def test_what_is_alike_or_of_one_file_is_one_group_named_for_its_oldest() -> None:
    sources = {5: "e", 2: "b", 9: "b", 3: "c", 7: "g"}
    found = groups(sources, [(5, 3), (3, 9)])
    assert found == {2: "b", 9: "b", 3: "b", 5: "b", 7: "g"}


@given(st.dictionaries(st.integers(1, 30), st.text("abcdef", min_size=1, max_size=2), min_size=1), st.data())
def test_no_pair_crosses_and_a_newcomer_moves_nobody(sources: dict[int, str], data: st.DataObject) -> None:
    ids = st.sampled_from(sorted(sources))
    alike = data.draw(st.lists(st.tuples(ids, ids), max_size=20))
    before = parts(groups(sources, alike), {})
    assert all(before[one] == before[other] for one, other in alike)
    newcomer = max(sources) + 1
    like = data.draw(st.lists(ids, max_size=3))
    after = parts(
        groups({**sources, newcomer: "z"}, [*alike, *((newcomer, other) for other in like)]),
        {a: str(p) for a, p in before.items()},
    )
    assert {analysis: after[analysis] for analysis in sources} == before
    neighbours = {before[other] for other in like}
    assert after[newcomer] is None if len(neighbours) > 1 else not neighbours or after[newcomer] in neighbours


def test_gold_and_val_get_about_their_shares() -> None:
    chosen = [drawn(f"{number:064x}") for number in range(4000)]
    assert abs(chosen.count(Part.GOLD) / 4000 - GOLD_SHARE) < 0.02
    assert abs(chosen.count(Part.VAL) / 4000 - VAL_SHARE) < 0.02
