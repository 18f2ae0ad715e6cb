"""Provenance in words."""

from __future__ import annotations

import pytest

from laanet_core.media.content_credentials import Credentials, unreadable
from laanet_core.media.provenance import combine
from laanet_core.results import Provenance, ProvenanceSource
from webapp.texts import LANGUAGES, Texts
from webapp.texts.provenance_sentences import ProvenanceView, view_of

ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
SIGNED = Credentials(
    "valid_untrusted",
    [
        ProvenanceSource("c2pa", "issuer", "Test Newspaper"),
        ProvenanceSource("c2pa", "digital_source_type", "trainedAlgorithmicMedia"),
    ],
)


def view(provenance: Provenance, texts: Texts) -> ProvenanceView:
    shown = view_of(provenance, None, texts.provenance)
    assert shown is not None
    return shown


@ALL_LANGUAGES
def test_normal_file_has_one_neutral_sentence(texts: Texts) -> None:
    shown = view(Provenance(), texts)
    assert shown.sentences == (texts.provenance.statuses["none"],)
    assert shown.headline == ""


@ALL_LANGUAGES
def test_file_made_by_ai_has_a_headline_and_its_signer(texts: Texts) -> None:
    shown = view(combine(SIGNED, []), texts)
    assert shown.headline == texts.provenance.ai_titles["made"]
    assert "Test Newspaper" in shown.status
    # The signer is in the sentence on the credentials, and not repeated.
    assert len(shown.statements) == 1
    assert texts.provenance.source_types["trainedAlgorithmicMedia"] in shown.statements[0]
    assert shown.unsigned == ""


def test_part_made_by_ai_has_another_headline() -> None:
    texts = LANGUAGES["en"]
    edited = ProvenanceSource("iptc", "digital_source_type", "compositeWithTrainedAlgorithmicMedia")
    shown = view(combine(Credentials(), [edited]), texts)
    assert shown.headline == texts.provenance.ai_titles["edited"]
    assert shown.statements == ("Type of source: edited with AI (IPTC metadata)",)
    assert shown.unsigned == texts.provenance.unsigned


@ALL_LANGUAGES
def test_ffmpeg_is_explained_and_other_programs_keep_their_names(texts: Texts) -> None:
    for name, shown_name in (
        ("Lavf62.12.102", texts.provenance.ffmpeg.format(name="Lavf62.12.102")),
        ("HandBrake 1.9", "HandBrake 1.9"),
    ):
        program = ProvenanceSource("mp4_software", "software", name)
        (statement,) = view(combine(Credentials(), [program]), texts).statements
        assert shown_name in statement
        assert ("FFmpeg" in statement) == name.startswith("Lavf")


@ALL_LANGUAGES
def test_problems_and_contradictions_are_named(texts: Texts) -> None:
    shown = view_of(combine(unreadable("decoder_died"), []), "signature_invalid", texts.provenance)
    assert shown is not None
    assert "decoder_died" in shown.status
    assert texts.provenance.conflicts["signature_invalid"] in shown.sentences[0]
    assert view_of(None, None, texts.provenance) is None


@ALL_LANGUAGES
def test_stopped_reader_does_not_claim_that_there_are_credentials(texts: Texts) -> None:
    for code in ("decoding_too_slow", "decoding_too_large", "decoder_died"):
        shown = view_of(combine(unreadable(code), []), None, texts.provenance)
        assert shown is not None
        assert shown.status.startswith(texts.provenance.not_checked.split("{")[0])
    for code in ("damaged", "too_large", "remote_not_fetched"):
        shown = view_of(combine(unreadable(code), []), None, texts.provenance)
        assert shown is not None
        assert shown.status.startswith(texts.provenance.statuses["unreadable"].split("{")[0])
