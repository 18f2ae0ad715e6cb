from __future__ import annotations

import json

import pytest

from laanet_core.errors import InvalidConfig
from laanet_core.training.config import (
    RECIPES,
    PairConfig,
    TrainingConfig,
    changed_recipe,
    changed_values,
    named_recipe,
)


def test_recipes_survive_json() -> None:
    for name, recipe in RECIPES.items():
        assert TrainingConfig.from_dict(json.loads(json.dumps(recipe.to_dict()))) == named_recipe(name)
    with pytest.raises(InvalidConfig, match="starter"):
        named_recipe("unknown")
    with pytest.raises(InvalidConfig, match="sped"):
        TrainingConfig.from_dict({"sped": 3})


@pytest.mark.parametrize(
    "change",
    [
        "steps=0",
        "sam_rho=-1",
        "start_rate=-1",
        "warmup=2",
        "frozen_steps=-1",
        "material.pairs=-1",
        "micro_batches=3",
        "material.policy=odd",
        "material.reconstructed=2",
        "material.video=-1",
        "material.pack_exponent=3",
        "early_size=100",
        "early_steps=-1",
        "loss.smoothing=5",
        "material.hulls=face,hat",
        "steps=many",
        "odd=1",
        "steps",
    ],
)
def test_impossible_changes_are_refused_by_name(change: str) -> None:
    with pytest.raises(InvalidConfig, match=change.partition("=")[0]):
        changed_recipe("starter", [change])


def test_changes_keep_the_type_of_a_value() -> None:
    config = changed_recipe("starter", ["material.hulls=face,inner", "steps=7", "peak_rate=1e-3"], seed=3)
    assert config.material.hulls == ("face", "inner")
    assert (config.steps, config.peak_rate, config.seed) == (7, 1e-3, 3)
    assert changed_recipe("starter") == named_recipe("starter")
    assert changed_values({"a": {"b": 1.5}}, ["a.b=2"]) == {"a": {"b": 2.0}}


def test_shares_add_up_to_at_most_one() -> None:
    with pytest.raises(InvalidConfig, match="more than 1"):
        PairConfig(pairs=0.7, foreign_blends=0.7)
    with pytest.raises(InvalidConfig, match=r"material\.partial_edits"):
        PairConfig(reconstructed=0.6, partial_edits=0.6)
