"""Facts about the model and its decision thresholds."""

from __future__ import annotations

from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.results import ModelInfo
from webapp.texts import Texts
from webapp.texts.formats import number_text
from webapp.ui.templating import render


def model_facts(info: ModelInfo, decision: DecisionConfig, notice: str | None, texts: Texts) -> Markup:
    """Return a list of facts, with the licence notice if the weights have one."""
    temperature = number_text(decision.temperature, texts)
    if not decision.calibrated:
        temperature = texts.with_note.format(text=temperature, note=texts.not_calibrated)
    values = {
        "model": f"{info.name} {info.version}",
        "weights": info.sha256,
        "real_below": number_text(decision.real_below, texts),
        "fake_above": number_text(decision.fake_above, texts),
        "temperature": temperature,
        "min_face_size": texts.pixels.format(count=decision.min_face_size),
    }
    facts = [(texts.model_facts[name], value) for name, value in values.items()]
    return render("facts.jinja", facts=facts, notice=notice)
