"""Tables of the admins' pages, which move sideways within themselves where they do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def table(label: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are markup already; a column without a head has none."""
    head = "".join(f"<th scope='col'>{escape(word)}</th>" if word else "<td></td>" for word in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<div class='desk-table' tabindex='0' role='region' aria-label='{escape(label)}'>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
