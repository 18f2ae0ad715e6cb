"""Limits of quality beside the model card that documents them."""

from __future__ import annotations

from laanet_core.faces.quality_limits import LIMITS
from tests.conftest import ROOT


def test_the_model_card_states_the_limits() -> None:
    card = (ROOT / "laanet_core/starter/README.md").read_text(encoding="utf-8")
    assert f"under {LIMITS.min_inside:.0%} of the face's box".replace("%", " %") in card
    assert f"sharpness under {LIMITS.min_sharpness}" in card
    assert f"crops under {LIMITS.min_agreement}" in card
    assert f"roll over {LIMITS.max_roll:.0f} degrees" in card
    assert f"tilted by {LIMITS.straighten_from:.0f} degrees or more" in card
