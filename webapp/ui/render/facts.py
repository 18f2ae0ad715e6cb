"""Which weights answer, and how a score becomes a verdict."""

from __future__ import annotations

from html import escape

from laanet_core.decision import DecisionConfig
from laanet_core.results import ModelInfo, number_text
from webapp.texts import Texts


def model_facts(info: ModelInfo, decision: DecisionConfig, notice: str | None, texts: Texts) -> str:
    """A list of facts, with the licence notice where the weights have one."""
    values = (
        f"{info.name} {info.version}",
        info.sha256,
        number_text(decision.real_below),
        number_text(decision.fake_above),
        number_text(decision.temperature) + ("" if decision.calibrated else f" ({texts.not_calibrated})"),
        texts.pixels.format(count=decision.min_face_size),
    )
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in zip(texts.model_facts, values, strict=True)
    )
    return f"<dl class='lens-facts'>{rows}</dl>" + (
        f"<p class='lens-notice'>{escape(notice)}</p>" if notice else ""
    )
