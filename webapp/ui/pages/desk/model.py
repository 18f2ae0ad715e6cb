"""For admins: from decisions to the model that answers, as markup. `model.js` fills it."""

from __future__ import annotations

from html import escape

from webapp.services.training.admin import MOST_STEPS
from webapp.texts.model import ModelTexts


def modelboard(texts: ModelTexts) -> str:
    """Everything about the model, empty."""
    return (
        "<div id='model' class='desk desk-board' data-state='loading'>"
        "<p id='model-message' class='desk-message' role='status' aria-live='polite'></p>"
        f"{_answering(texts)}{_snapshots(texts)}{_runs(texts)}{_versions(texts)}{_dialog(texts)}</div>"
    )


def _answering(texts: ModelTexts) -> str:
    return (
        f"<section><h2>{escape(texts.answers)}: <span id='model-answering'></span></h2><p id='model-ancestry'></p>"
        "<p id='model-following'></p><p id='model-stale' class='desk-fake'></p>"
        f"<div class='desk-buttons'>{_button('rollback', texts.roll_back)}</div></section>"
    )


def _snapshots(texts: ModelTexts) -> str:
    return (
        f"<section><h2>{escape(texts.snapshots)}</h2><p>{escape(texts.snapshots_help)}</p>"
        f"<div class='desk-buttons'>{_button('freeze', texts.freeze)}</div><p id='model-freezing'></p>"
        f"{_table('model-snapshots', texts.snapshots, texts.snapshots_columns)}</section>"
    )


def _runs(texts: ModelTexts) -> str:
    return (
        f"<section><h2>{escape(texts.runs)}</h2><p>{escape(texts.runs_help)} <span id='model-replay'></span></p>"
        f"<form id='model-begin' class='desk-buttons'><label>{escape(texts.snapshot)} <select name='snapshot' required></select></label>"
        f"<label>{escape(texts.steps)} <input name='steps' type='number' min='1' max='{MOST_STEPS}' required></label>"
        f"<button type='submit' class='desk-primary'>{escape(texts.begin)}</button></form>"
        f"{_table('model-runs', texts.runs, texts.runs_columns)}</section>"
    )


def _versions(texts: ModelTexts) -> str:
    return (
        f"<section><h2>{escape(texts.versions)}</h2><p>{escape(texts.versions_help)}</p><p id='model-measuring'></p>"
        f"{_table('model-versions', texts.versions, texts.versions_columns)}</section>"
        "<section id='model-report' hidden><h2 id='model-report-title' tabindex='-1'></h2><p id='model-report-outcome'></p>"
        f"{_table('model-checks', texts.report, texts.report_columns)}</section>"
    )


def _dialog(texts: ModelTexts) -> str:
    return (
        "<dialog class='desk-dialog' id='model-promote' aria-labelledby='model-promote-title'><h2 id='model-promote-title'></h2>"
        f"<p>{escape(texts.promote_help)}</p><div class='desk-buttons'>"
        f"<button type='button' class='desk-primary' data-model='confirm'>{escape(texts.confirm)}</button>"
        f"{_button('keep', texts.keep)}</div></dialog>"
    )


def _table(name: str, label: str, heads: tuple[str, ...]) -> str:
    cells = "".join(f"<th scope='col'>{escape(head)}</th>" if head else "<td></td>" for head in heads)
    return (
        f"<div class='desk-table' tabindex='0' role='region' aria-label='{escape(label)}'>"
        f"<table id='{name}'><thead><tr>{cells}</tr></thead><tbody></tbody></table></div>"
    )


def _button(do: str, word: str) -> str:
    return f"<button type='button' data-model='{do}'>{escape(word)}</button>"
