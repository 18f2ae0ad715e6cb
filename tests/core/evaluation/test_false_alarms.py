from __future__ import annotations

import dataclasses

import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidConfig
from laanet_core.evaluation.false_alarms import false_alarms, group_pattern
from laanet_core.evaluation.metrics import wilson_interval
from tests.core.evaluation.test_report import prediction

DECISION = DecisionConfig(temperature=2.0, real_below=0.3, fake_above=0.8)


def test_false_alarms_are_counted_once_by_pack_and_by_group() -> None:
    # The probability of logit 3 at temperature 2 is 0.82, that of logit 2 is 0.73.
    alarm, calm, fake = prediction(1, 0, 3.0), prediction(2, 0, 2.0), prediction(3, 1, 9.0)
    alarm = dataclasses.replace(alarm, name="album/31_0_2_a.jpg", pack="album")
    calm = dataclasses.replace(calm, name="album/36_1_2_b.jpg", pack="album")
    other = dataclasses.replace(prediction(4, 0, 0.0), name="else/4.jpg", pack="else")
    pattern = group_pattern(r"album/(?P<decade>\d)\d_(?P<gender>[01])_")
    rows = false_alarms({"one": [alarm, calm, fake], "two": [alarm, other]}, DECISION, pattern)
    found = {(row.measure, row.name): (row.real, row.share.value) for row in rows}
    assert found == {
        ("decade", "3"): (2, 0.5),
        ("gender", "0"): (1, 1.0),
        ("gender", "1"): (1, 0.0),
        ("pack", "album"): (2, 0.5),
        ("pack", "else"): (1, 0.0),
    }
    interval = wilson_interval(1, 2)
    assert rows[0].share.low == pytest.approx(interval.low, abs=1e-4)
    assert rows[0].share.high == pytest.approx(interval.high, abs=1e-4)
    assert {row.measure for row in false_alarms({"one": [alarm]}, DECISION)} == {"pack"}


@pytest.mark.parametrize(("text", "reason"), [("(?P<age>", "no regular expression"), ("[0-9]", "no group")])
def test_a_pattern_without_groups_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidConfig, match=reason):
        group_pattern(text)
    assert group_pattern(None) is None
