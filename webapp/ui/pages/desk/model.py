"""Admins' page about the model: snapshots, fine-tuning, versions, gate reports. `model.js` fills it."""

from __future__ import annotations

from webapp.services.training.admin import MAX_STEPS
from webapp.texts.model import ModelTexts
from webapp.ui.templating import render


def model_board(texts: ModelTexts) -> str:
    """Return the empty page as HTML."""
    return render("desk/model.jinja", texts=texts, max_steps=MAX_STEPS)
