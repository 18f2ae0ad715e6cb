"""Earlier decisions of moderators on the same file, or on a near copy that others brought."""

from __future__ import annotations

from markupsafe import Markup

from webapp.services.analysis_records.known_files import KnownFace, KnownFile
from webapp.texts import Texts
from webapp.texts.formats import date_text
from webapp.texts.sentences import subject_name
from webapp.ui.templating import render


def known_file(known: KnownFile | None, kind: str, texts: Texts) -> Markup:
    """Return one sentence per decided face; nothing for a file that is not known."""
    if known is None:
        return Markup("")
    sentences = [_sentence(face, kind, texts) for face in known.faces]
    return render("known_file.jinja", title=texts.known_title, sentences=sentences)


def _sentence(face: KnownFace, kind: str, texts: Texts) -> str:
    sentence = texts.known_same if face.exact else texts.known_copy
    return sentence.format(
        subject=subject_name(face.face, kind, texts),
        value=texts.labels[face.value],
        date=date_text(face.decided_on, texts),
        count=face.moderators,
    )
