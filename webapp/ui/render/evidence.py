"""Evidence of a result, for the analysis page and the receipt page: pictures, cards, chart and player."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.texts import Texts
from webapp.ui.render import cards, headline, picture, timeline
from webapp.ui.templating import render


def chart(result: AnalysisResult, decision: DecisionConfig, texts: Texts) -> Markup:
    """Return the chart of a clip with the thresholds of `decision`; "" for a photo."""
    return timeline.plot(result, decision, texts) if result.kind == "video" else Markup("")


def player(name: str, bytes_: int, source: str, unplayable: str, texts: Texts) -> Markup:
    """Return the player of a clip. Without a `source` the browser plays the visitor's own file.

    The visitor's file is recognised by its name and its size in bytes. `unplayable` is the sentence for a
    browser that cannot play the clip.
    """
    return render("player.jinja", name=name, bytes=bytes_, source=source, unplayable=unplayable, texts=texts)


def close_ups(media: AnalysedMedia, result: AnalysisResult) -> Mapping[int, cards.CloseUpImages] | None:
    """Return the close-ups of all faces or persons by number; None if the file can no longer be read."""
    if result.outcome == "rejected":
        return {}
    try:
        if result.kind == "image":
            return cards.photo_images(media.photo(result))
        return cards.clip_images(media.moments(result))
    except UnreadableMedia:
        # The place of the picture says why.
        return None


def face_cards(
    result: AnalysisResult,
    images: Mapping[int, cards.CloseUpImages],
    decision: DecisionConfig,
    notes: cards.CardNotes,
    texts: Texts,
) -> Markup:
    """Return the cards of all faces or persons. `result` has the verdicts after the stability check."""
    return cards.face_cards(result, cards.subjects_of(result, images, texts), decision, notes, texts)


def pictures(media: AnalysedMedia, result: AnalysisResult, texts: Texts) -> Markup:
    """Return the photo or the highest-scoring moments of a clip, or the reason why they cannot be read.

    `result` has the verdicts after the stability check. Returns "" if the file was rejected.
    """
    if result.outcome == "rejected":
        return Markup("")
    try:
        if result.kind == "image":
            photo = media.photo(result)
            return picture.picture(photo.rgb, photo.faces, texts)
        return picture.moments(media.moments(result), texts)
    except UnreadableMedia as error:
        return headline.message(headline.error_text(error, texts))
