"""Architecture configurations."""

from __future__ import annotations

import pytest

from laanet_core.errors import InvalidConfig
from laanet_core.modeling.config import LAANET_LITE, ModelConfig, named_config


def test_configuration_round_trips_through_json() -> None:
    values = LAANET_LITE.to_dict()
    assert ModelConfig.from_dict({**values, "pyramid_widths": list(values["pyramid_widths"])}) == LAANET_LITE
    assert named_config("laanet-lite").heatmap_size == 56


@pytest.mark.parametrize(
    "values", [{"input_size": 100}, {"fusion_width": 3}, {"stage3_padding": "none"}, {"s": 1}]
)
def test_invalid_configurations_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidConfig):
        ModelConfig.from_dict(values)
    with pytest.raises(InvalidConfig, match="laanet-b4"):
        named_config("laanet-b5")
