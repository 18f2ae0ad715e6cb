"""The work on a case as markup: the picture with its tools, and the label. `desk.js` fills it.

A key clicks what carries it (`data-key`).
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from webapp.domain.enums import Concern, LabelValue, Tag
from webapp.domain.limits import MAX_NOTE
from webapp.texts.desk import DeskTexts

VALUE_KEYS = dict(zip(LabelValue, "1234", strict=True))
CONFIDENCE_KEYS = "qwe"
TAG_KEYS: Mapping[Tag, str] = {
    **{Tag.BOUNDARY: "d", Tag.TEXTURE: "t", Tag.LIGHTING: "i", Tag.TEETH: "j"},
    **{Tag.EYES: "y", Tag.TEMPORAL: "a", Tag.OTHER: "o"},
}
VIEW_KEYS = {"plain": "", "error_level": "l", "high_pass": "h"}
SCREEN_KEYS = {"blur": "b", "grey": "g", "mute": "m"}
TOOL_KEYS = {"brush": "p", "box": "r", "erase": "x", "clear": "c"}
ACTION_KEYS = {"skip": "s", "flag": "f", "undo": "u"}


def worktable(texts: DeskTexts) -> str:
    """Everything a moderator works with, empty."""
    return (
        f"<div id='desk' class='desk' data-state='loading'>{_bar(texts)}"
        f"<div class='desk-grid'>{_stage(texts)}{_form(texts)}</div>"
        f"<div class='desk-empty' hidden><p tabindex='-1'></p><div class='desk-buttons'>"
        f"<button type='button' data-do='again'>{escape(texts.look_again)}</button>"
        f"{_button('undo', texts.undo, ACTION_KEYS['undo'])}</div></div>"
        f"{_flag_dialog(texts)}{_keys_dialog(texts)}</div>"
    )


def _bar(texts: DeskTexts) -> str:
    counts = "".join(
        f"<span><b data-count='{name}'>–</b> {escape(word)}</span>"
        for name, word in (("waiting", texts.waiting), ("today", texts.today))
    )
    disputed = (
        f"<button type='button' data-do='disputed' hidden>{escape(texts.disputed)} <b data-count='disputed'>0</b></button>"
        f"<button type='button' data-do='cases' hidden>{escape(texts.to_cases)}</button>"
    )
    keys = f"<button type='button' data-do='keys' data-key='?'>{escape(texts.keys)} {_kbd('?')}</button>"
    told = (
        f"<p class='desk-counts'>{counts}<span id='desk-until'></span></p>"
        "<p id='desk-message' class='desk-message' role='status' aria-live='polite'></p>"
    )
    return f"<div class='desk-bar'>{told}<div class='desk-buttons'>{disputed}{keys}</div></div>"


def _stage(texts: DeskTexts) -> str:
    views = "".join(
        _toggle("view", name, word, VIEW_KEYS[name], on=name == "plain") for name, word in texts.views.items()
    )
    screens = "".join(
        _toggle("screen", name, word, SCREEN_KEYS[name]) for name, word in texts.screens.items()
    )
    tools = "".join(
        _toggle("tool", name, word, TOOL_KEYS[name])
        if name != "clear"
        else _button("clear", word, TOOL_KEYS[name])
        for name, word in texts.tools.items()
    )
    zoom = (
        f"<button type='button' data-do='smaller' data-key='-' aria-label='{escape(texts.zoom_out)}'>−</button>"
        f"<button type='button' data-do='zoom' data-key='z' aria-pressed='false'>{escape(texts.zoom)} {_kbd('z')}</button>"
        f"<button type='button' data-do='larger' data-key='+' aria-label='{escape(texts.zoom_in)}'>+</button>"
    )
    heat = f"<button type='button' data-do='heat' data-key='k' aria-pressed='true' hidden>{escape(texts.heat)} {_kbd('k')}</button>"
    play = f"<button type='button' data-do='play' data-key=' ' aria-pressed='false' hidden>{escape(texts.play)} {_kbd('Space')}</button>"
    groups = "".join(
        f"<div class='desk-group'>{group}</div>" for group in (views, zoom, tools, screens, heat + play)
    )
    return (
        f"<section class='desk-stage'><h2 class='desk-which' tabindex='-1'></h2>"
        f"<div class='desk-tools'>{groups}</div>"
        f"<div class='desk-view' tabindex='0' role='group' aria-label='{escape(texts.picture_alt)}'>"
        f"<div class='desk-sheet'><img class='desk-picture' alt='{escape(texts.picture_alt)}'><img class='desk-heat' alt='' hidden>"
        f"<canvas class='desk-theirs'></canvas><canvas class='desk-paint'></canvas><div class='desk-boxes' aria-hidden='true'></div></div>"
        f"<video class='desk-player' controls playsinline muted preload='none' hidden></video>"
        f"<p class='desk-wait' aria-hidden='true'>{escape(texts.loading)}</p></div>"
        f"<div class='desk-frames' role='group' aria-label='{escape(texts.frames)}' hidden></div></section>"
    )


def _form(texts: DeskTexts) -> str:
    values = "".join(
        _choice(
            "radio",
            "value",
            value,
            texts.values[value],
            key,
            f"<small>{escape(texts.value_help[value])}</small>",
        )
        for value, key in VALUE_KEYS.items()
    )
    confidences = "".join(
        _choice("radio", "confidence", str(number), word, key)
        for number, (word, key) in enumerate(zip(texts.confidences, CONFIDENCE_KEYS, strict=True), start=1)
    )
    tags = "".join(_choice("checkbox", "tags", tag, texts.tag_names[tag], TAG_KEYS[tag]) for tag in Tag)
    actions = "".join(
        f"<button type='button' data-do='{name}' data-key='{key}'>{escape(getattr(texts, name))} {_kbd(key)}</button>"
        for name, key in ACTION_KEYS.items()
    )
    return (
        f"<form class='desk-form' autocomplete='off'><h2 class='desk-ask' tabindex='-1'>{escape(texts.ask_blind)}</h2>"
        f"<div class='desk-answer' hidden></div><div class='desk-labels' hidden></div>"
        f"{_fieldset('desk-values', texts.value, values)}{_fieldset('desk-sure', texts.confidence, confidences)}"
        f"{_fieldset('desk-tags', texts.tags, tags)}"
        f"<p class='desk-place'><b>{escape(texts.region)}</b> <span id='desk-place'></span> {_button('mark', texts.mark, 'v')}</p>"
        f"<label class='desk-note' for='desk-note'><b>{escape(texts.note)}</b> {_kbd('n')}</label>"
        f"<textarea id='desk-note' name='note' rows='2' maxlength='{MAX_NOTE}' placeholder='{escape(texts.note_help)}'></textarea>"
        f"<div class='desk-send'><button type='submit' class='desk-primary' data-do='submit'><span>{escape(texts.submit)}</span> "
        f"{_kbd('Enter')}</button><div class='desk-buttons'>{actions}</div></div></form>"
    )


def _fieldset(name: str, legend: str, inner: str) -> str:
    return f"<fieldset class='{name}'><legend>{escape(legend)}</legend><div>{inner}</div></fieldset>"


def _choice(kind: str, name: str, value: str, word: str, key: str, more: str = "") -> str:
    return (
        f"<label class='desk-choice' data-value='{value}'><input type='{kind}' name='{name}' value='{value}' data-key='{key}'>"
        f"<span>{escape(word)} {_kbd(key)}{more}</span></label>"
    )


def _toggle(group: str, name: str, word: str, key: str, *, on: bool = False) -> str:
    pressed, carried = str(on).lower(), f" data-key='{key}'" if key else ""
    return (
        f"<button type='button' data-do='{group}' data-name='{name}'{carried} aria-pressed='{pressed}'>"
        f"{escape(word)}{' ' + _kbd(key) if key else ''}</button>"
    )


def _button(do: str, word: str, key: str) -> str:
    return f"<button type='button' data-do='{do}' data-key='{key}'>{escape(word)} {_kbd(key)}</button>"


def _flag_dialog(texts: DeskTexts) -> str:
    buttons = "".join(
        f"<button type='button' data-do='concern' data-name='{concern}' data-dialog-key='{number}'>{_kbd(str(number))} "
        f"{escape(texts.concerns[concern])}</button>"
        for number, concern in enumerate(Concern, start=1)
    )
    return (
        f"<dialog class='desk-dialog' id='desk-flag' aria-labelledby='desk-flag-title'>"
        f"<h2 id='desk-flag-title'>{escape(texts.flag_title)}</h2>"
        f"<p>{escape(texts.flag_help)}</p><div class='desk-list'>{buttons}</div>"
        f"<button type='button' data-do='close'>{escape(texts.cancel)}</button></dialog>"
    )


def _keys_dialog(texts: DeskTexts) -> str:
    names = texts.key_names
    rows = [
        *((key, texts.values[value]) for value, key in VALUE_KEYS.items()),
        *zip(CONFIDENCE_KEYS, texts.confidences, strict=True),
        *((key, texts.tag_names[tag]) for tag, key in TAG_KEYS.items()),
        *[("n", names["note"]), ("Enter", names["enter"])],
        *((key, getattr(texts, name)) for name, key in ACTION_KEYS.items()),
        *[("z", names["zoom"]), ("+ −", names["plus"]), ("0", names["whole"])],
        *((VIEW_KEYS[name], names[name]) for name in ("high_pass", "error_level")),
        *((key, texts.screens[name]) for name, key in SCREEN_KEYS.items()),
        *((key, texts.tools[name]) for name, key in TOOL_KEYS.items()),
        *[
            ("v", names["mark"]),
            ("← →", names["frames"]),
            ("Space", names["play"]),
            ("k", names["heat"]),
            ("?", names["help"]),
        ],
    ]
    listed = "".join(f"<dt>{_kbd(key)}</dt><dd>{escape(word)}</dd>" for key, word in rows)
    return (
        f"<dialog class='desk-dialog desk-wide' id='desk-keys' aria-labelledby='desk-keys-title'>"
        f"<h2 id='desk-keys-title'>{escape(texts.keys_title)}</h2><p>{escape(texts.keys_help)}</p><dl>{listed}</dl>"
        f"<label class='desk-first'><input type='checkbox' id='desk-blur-first'> {escape(texts.blur_first)}</label>"
        f"<button type='button' data-do='close'>{escape(texts.close)}</button></dialog>"
    )


def _kbd(key: str) -> str:
    return f"<kbd>{escape(key)}</kbd>"
