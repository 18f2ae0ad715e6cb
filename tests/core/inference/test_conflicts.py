from __future__ import annotations

from typing import get_args

import pytest

from laanet_core.inference.conflicts import conflict_of
from laanet_core.media.content_credentials import Credentials
from laanet_core.media.provenance import combine
from laanet_core.results import (
    CONFLICTS,
    Conflict,
    Provenance,
    ProvenancePlace,
    ProvenanceSource,
    ProvenanceStatus,
    ProvenanceSubject,
    Verdict,
)

Statement = tuple[ProvenancePlace, ProvenanceSubject, str]
CAPTURED: Statement = ("c2pa", "digital_source_type", "digitalCapture")
EDITED: Statement = ("c2pa", "digital_source_type", "compositeWithTrainedAlgorithmicMedia")
CAMERA: Statement = ("exif", "camera", "Maker X1")
SETTINGS: Statement = ("png_text", "generator_text", "ComfyUI")


def provenance(status: ProvenanceStatus, *statements: Statement) -> Provenance:
    sources = [ProvenanceSource(*statement) for statement in statements]
    signed = [source for source in sources if source.where == "c2pa"]
    return combine(Credentials(status, signed), [one for one in sources if one.where != "c2pa"])


@pytest.mark.parametrize(
    ("status", "statements", "verdict", "expected"),
    [
        ("valid_trusted", [CAPTURED], "fake", "camera_signed_but_blended"),
        ("valid_untrusted", [CAPTURED], "fake", "camera_signed_but_blended"),
        ("valid_trusted", [CAPTURED], "real", None),
        ("valid_trusted", [CAPTURED], "inconclusive", None),
        ("none", [CAMERA], "fake", None),
        ("valid_trusted", [EDITED], "real", "edited_face_claimed_but_nothing_seen"),
        (
            "valid_trusted",
            [CAPTURED, ("c2pa", "editing", "face")],
            "real",
            "edited_face_claimed_but_nothing_seen",
        ),
        ("valid_trusted", [CAPTURED, ("c2pa", "editing", "face")], "fake", None),
        ("valid_trusted", [EDITED], "fake", None),
        ("valid_trusted", [EDITED], None, None),
        ("valid_trusted", [("c2pa", "digital_source_type", "trainedAlgorithmicMedia")], "real", None),
        ("none", [("iptc", "digital_source_type", "compositeWithTrainedAlgorithmicMedia")], "real", None),
        ("none", [CAMERA, SETTINGS], "real", "generator_text_in_camera_file"),
        ("none", [CAMERA, SETTINGS], None, "generator_text_in_camera_file"),
        ("none", [SETTINGS], "real", None),
        ("invalid", [("c2pa", "problem", "content_changed")], None, "content_changed_after_signing"),
        ("invalid", [("c2pa", "problem", "credentials_changed")], "real", "signature_invalid"),
        ("invalid", [("c2pa", "problem", "signer_expired")], "real", None),
        ("unreadable", [("c2pa", "problem", "remote_not_fetched")], "fake", None),
        ("none", [], "fake", None),
    ],
)
def test_contradictions(
    status: ProvenanceStatus,
    statements: list[Statement],
    verdict: Verdict | None,
    expected: Conflict | None,
) -> None:
    assert conflict_of(provenance(status, *statements), verdict) == expected


def test_every_code_is_listed_once() -> None:
    assert len(set(CONFLICTS)) == len(get_args(Conflict)) == 5
