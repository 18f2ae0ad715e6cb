"""Sample result in the empty half of the page: the card of an example's face."""

from __future__ import annotations

import functools

from markupsafe import Markup

from laanet_core.inference.key_frames import Moment
from laanet_core.inference.stable_verdicts import stable_result
from webapp.examples import answers
from webapp.texts import LANGUAGES
from webapp.ui.render.cards import CardNotes, face_cards, photo_images, subjects_of
from webapp.ui.render.reliability import stability_rows
from webapp.ui.templating import render

# The example with a manipulated face.
_NAME = answers.NAMES[0]


@functools.cache
def welcome(code: str) -> Markup:
    """Return the placeholder before the first result, in the language with this code.

    It shows a sample card and the meaning of the three verdicts.
    """
    texts = LANGUAGES[code]
    answer = answers.load(_NAME)
    (frame,) = answers.frames_of(_NAME)
    shown = stable_result(answer.result, answer.stabilities)
    images = photo_images(Moment(frame.rgb, frame.time, shown.faces))
    notes = CardNotes(rows=stability_rows(answer.result, answer.stabilities, texts))
    cards = face_cards(
        shown, subjects_of(shown, images, texts), answer.decision, notes, texts, is_sample=True
    )
    return render("welcome.jinja", cards=cards, texts=texts)
