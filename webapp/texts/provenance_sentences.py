"""Sentences about a file's provenance, shared by the pages, the report and the desk."""

from __future__ import annotations

from dataclasses import dataclass

from laanet_core.results import Conflict, Provenance, ProvenanceSource
from webapp.texts.provenance import ProvenanceTexts

# Statements that the sentence on the Content Credentials contains already.
_IN_STATUS = ("issuer", "problem")
# Names by which FFmpeg's libraries sign the files that they write, before a version.
_FFMPEG_PARTS = ("Lavf", "Lavc")
# Problems of credentials that are there. With any other one the reader stopped, and there may be none.
_PROBLEMS_OF_CREDENTIALS = ("damaged", "too_large", "remote_not_fetched")


@dataclass(frozen=True)
class ProvenanceView:
    """Provenance in words.

    `headline` and its explanation `help` stand above the verdict; both are "" if the file does not say that
    AI made it. `status` is the sentence on the Content Credentials, `conflict` the contradiction or "".
    `statements` are the file's own, each with its place; `unsigned` says what those without a signature mean
    and is "" if there are none.
    """

    title: str
    headline: str
    help: str
    status: str
    conflict: str
    statements: tuple[str, ...]
    unsigned: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return everything below the headline, in order."""
        sentences = (self.conflict, self.status, *self.statements, self.unsigned)
        return tuple(sentence for sentence in sentences if sentence)


def view_of(
    provenance: Provenance | None, conflict: Conflict | None, texts: ProvenanceTexts
) -> ProvenanceView | None:
    """Return the provenance in words; None if it was not read."""
    if provenance is None:
        return None
    headline = ""
    if provenance.ai_generated:
        headline = texts.ai_titles["edited" if provenance.is_partly_ai else "made"]
    shown = [source for source in provenance.sources if source.what not in _IN_STATUS]
    has_unsigned = any(source.where != "c2pa" for source in shown)
    return ProvenanceView(
        title=texts.title,
        headline=headline,
        help=texts.ai_help if headline else "",
        status=_status(provenance, texts),
        conflict="" if conflict is None else texts.conflict.format(text=texts.conflicts[conflict]),
        statements=tuple(_statement(source, texts) for source in shown),
        unsigned=texts.unsigned if has_unsigned else "",
    )


def _status(provenance: Provenance, texts: ProvenanceTexts) -> str:
    code = provenance.problem or "other"
    problem = texts.problems.get(code, texts.problems["other"]).format(code=code)
    issuer = provenance.issuer or texts.unnamed_signer
    sentence = texts.statuses[provenance.status]
    if provenance.status == "unreadable" and code not in _PROBLEMS_OF_CREDENTIALS:
        sentence = texts.not_checked
    return sentence.format(issuer=issuer, problem=problem)


def _statement(source: ProvenanceSource, texts: ProvenanceTexts) -> str:
    text = source.says
    if source.what in ("digital_source_type", "component_source_type"):
        text = texts.source_types.get(text, text)
    elif source.what == "editing":
        text = texts.edited_face
    elif source.what == "software" and text.startswith(_FFMPEG_PARTS):
        text = texts.ffmpeg.format(name=text)
    return texts.statement.format(
        subject=texts.subjects[source.what], text=text, place=texts.places[source.where]
    )
