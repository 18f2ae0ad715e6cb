"""Worktable: page where moderators label a case's photo or clip. `desk.js` fills it.

When a moderator presses a key, `desk.js` clicks the element whose `data-key` is that key. It handles Enter,
n, 0 and the arrows by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from webapp.domain.enums import Concern, LabelValue, Tag
from webapp.domain.limits import MAX_NOTE
from webapp.texts.desk import DeskTexts
from webapp.ui.templating import render


@dataclass(frozen=True)
class KeyBindings:
    """Keyboard shortcuts, one field for each group of buttons: a mapping from choices or actions to keys.

    The character at index i of `confidence` is the key of the i-th confidence. "" means that there is no key.
    """

    value: Mapping[LabelValue, str] = field(
        default_factory=lambda: dict(zip(LabelValue, "1234", strict=True))
    )
    confidence: str = "qwe"
    tag: Mapping[Tag, str] = field(default_factory=lambda: dict(zip(Tag, "dtijyao", strict=True)))
    view: Mapping[str, str] = field(
        default_factory=lambda: {"plain": "", "error_level": "l", "high_pass": "h"}
    )
    screen: Mapping[str, str] = field(default_factory=lambda: {"blur": "b", "grey": "g", "mute": "m"})
    tool: Mapping[str, str] = field(
        default_factory=lambda: {"brush": "p", "box": "r", "erase": "x", "clear": "c"}
    )
    action: Mapping[str, str] = field(default_factory=lambda: {"skip": "s", "flag": "f", "undo": "u"})


KEYS = KeyBindings()


def worktable(texts: DeskTexts) -> str:
    """Return the empty worktable as HTML."""
    return render(
        "desk/worktable.jinja",
        texts=texts,
        keys=KEYS,
        key_list=list(_key_list(texts)),
        concerns=list(Concern),
        max_note=MAX_NOTE,
    )


def _key_list(texts: DeskTexts) -> Iterator[tuple[str, str]]:
    """Yield every key and what it does, in the order in which the help dialog lists them."""
    names = texts.key_names
    yield from ((key, texts.values[value]) for value, key in KEYS.value.items())
    yield from zip(KEYS.confidence, texts.confidences, strict=True)
    yield from ((key, texts.tag_names[tag]) for tag, key in KEYS.tag.items())
    yield "n", names["note"]
    yield "Enter", names["enter"]
    yield from ((key, getattr(texts, action)) for action, key in KEYS.action.items())
    yield "z", names["zoom"]
    yield "+ −", names["plus"]
    yield "0", names["whole"]
    yield from ((KEYS.view[view], names[view]) for view in ("high_pass", "error_level"))
    yield from ((key, texts.screens[name]) for name, key in KEYS.screen.items())
    yield from ((key, texts.tools[name]) for name, key in KEYS.tool.items())
    yield "v", names["mark"]
    yield "← →", names["frames"]
    yield "Space", names["play"]
    yield "k", names["heat"]
    yield "?", names["help"]
