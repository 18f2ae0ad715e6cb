from __future__ import annotations

import io
import time
from typing import Any

import pytest

from laanet_core.media.content_credentials import Credentials, offline_context, read_credentials
from tests.signed_files import (
    CLIPS,
    GENERATOR,
    ORGANISATION,
    PICTURES,
    Chain,
    altered,
    manifest,
    new_chain,
    picture,
    signed,
    source_file,
)

NAMES = [*PICTURES, *CLIPS]


def read(content: bytes, media_type: str = "image/jpeg", *, trusted: bool = True) -> Credentials:
    anchors = new_chain().authority.decode() if trusted else ""
    return read_credentials(io.BytesIO(content), media_type, anchors)


def statements(credentials: Credentials, what: str) -> list[str]:
    return [source.says for source in credentials.sources if source.what == what]


@pytest.mark.parametrize("name", NAMES)
def test_signers_are_on_the_trust_list_or_not(name: str) -> None:
    content, media_type = source_file(name)
    file = signed(content, media_type)
    trusted = read(file, media_type)
    assert trusted.status == "valid_trusted"
    assert statements(trusted, "issuer") == [ORGANISATION]
    assert statements(trusted, "generator") == [f"{GENERATOR} 1.0"]
    assert statements(trusted, "digital_source_type") == ["trainedAlgorithmicMedia"]
    assert read(file, media_type, trusted=False).status == "valid_untrusted"
    assert read(content, media_type) == Credentials()


@pytest.mark.parametrize("name", NAMES)
def test_alterations_after_signing_are_found(name: str) -> None:
    content, media_type = source_file(name)
    file = signed(content, media_type)
    # In the pixels, which lie before the credentials in some formats and behind them in others.
    place = len(file) - 40 if name not in ("TIFF", "WEBP") else len(content) - 40
    changed = read(altered(file, place), media_type)
    assert (changed.status, statements(changed, "problem")) == ("invalid", ["content_changed"])
    for text in (b"trainedAlgorithmicMedia", GENERATOR.encode()):
        changed = read(altered(file, file.index(text)), media_type)
        assert changed.status == "invalid"
        expected = ["content_changed"] if name == "GIF" else ["credentials_changed"]
        assert statements(changed, "problem") in (expected, ["credentials_changed"])


def test_expired_certificate_is_invalid_for_that_reason() -> None:
    chain = new_chain(valid_seconds=2.0)
    file = signed(picture(), "image/jpeg", chain=chain)
    # Certificates count whole seconds.
    time.sleep(3.1)
    expired = read_credentials(io.BytesIO(file), "image/jpeg", chain.authority.decode())
    assert (expired.status, statements(expired, "problem")) == ("invalid", ["signer_expired"])


def test_remote_credentials_are_not_fetched() -> None:
    file = signed(picture(), "image/jpeg", remote="http://127.0.0.1:9/manifest")
    remote = read(file)
    assert (remote.status, statements(remote, "problem")) == ("unreadable", ["remote_not_fetched"])


def test_damaged_files_are_unreadable() -> None:
    file = signed(picture(), "image/jpeg")
    damaged = read(file[: len(file) // 2])
    assert (damaged.status, statements(damaged, "problem")) == ("unreadable", ["damaged"])
    assert read(b"").status == "unreadable"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([{"action": "c2pa.edited"}], "digitalCapture"),
        ([{"action": "c2pa.edited", "digitalSourceType": "compositeWithTrainedAlgorithmicMedia"}], None),
        ([{"action": "c2pa.edited", "digitalSourceType": "trainedAlgorithmicMedia"}], None),
    ],
)
def test_edit_by_ai_makes_a_captured_picture_a_composite(
    actions: list[dict[str, str]], expected: str | None
) -> None:
    prefix = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    for action in actions:
        if "digitalSourceType" in action:
            action["digitalSourceType"] = prefix + action["digitalSourceType"]
    file = signed(picture(), "image/jpeg", manifest("digitalCapture", actions=actions))
    kinds = statements(read(file), "digital_source_type")
    assert kinds == [expected or "compositeWithTrainedAlgorithmicMedia"]


def test_history_of_a_picture_counts_and_its_components_are_listed() -> None:
    made_by_ai = signed(picture(), "image/jpeg")
    captured = signed(picture(), "image/jpeg", manifest("digitalCapture"))
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["part_0"]}}
    actions = [opened, {"action": "c2pa.cropped"}]
    edited: dict[str, Any] = {
        "claim_generator_info": [{"name": "Editor"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }
    child = read(signed(picture(), "image/jpeg", edited, ingredients=[("parentOf", made_by_ai)]))
    assert statements(child, "digital_source_type") == ["trainedAlgorithmicMedia"]
    parts = [("componentOf", made_by_ai), ("componentOf", captured)]
    collage = read(signed(picture(), "image/jpeg", manifest("composite"), ingredients=parts))
    assert collage.status == "valid_trusted"
    assert statements(collage, "digital_source_type") == ["composite"]
    assert statements(collage, "component_source_type") == ["trainedAlgorithmicMedia", "digitalCapture"]


@pytest.mark.parametrize("relationship", ["parentOf", "componentOf"])
@pytest.mark.parametrize("kind", ["digitalCapture", "trainedAlgorithmicMedia"])
def test_an_altered_part_may_warn_of_ai_but_confirms_no_camera(relationship: str, kind: str) -> None:
    part = signed(picture(), "image/jpeg", manifest(kind))
    what = "digital_source_type" if relationship == "parentOf" else "component_source_type"
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["part_0"]}}
    edited: dict[str, Any] = {
        "claim_generator_info": [{"name": "Editor"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [opened]}}],
    }
    whole = edited if relationship == "parentOf" else manifest("composite")
    for place in (len(part) - 40, part.index(GENERATOR.encode())):
        parts = [(relationship, altered(part, place))]
        credentials = read(signed(picture(), "image/jpeg", whole, ingredients=parts))
        assert credentials.status == "valid_trusted"
        is_warning = kind == "trainedAlgorithmicMedia"
        assert statements(credentials, what) == ([kind] if is_warning else [])


def lent_types(kind: str, part_chain: Chain, chain: Chain, *, generations: int = 1) -> Credentials:
    """Return the credentials of a file whose first state and whose later ones have two signers."""
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["part_0"]}}
    edited = {
        "claim_generator_info": [{"name": "Editor"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [opened]}}],
    }
    file = signed(picture(), "image/jpeg", manifest(kind), chain=part_chain)
    for _ in range(generations):
        file = signed(picture(), "image/jpeg", edited, chain=chain, ingredients=[("parentOf", file)])
    return read(file)


@pytest.mark.parametrize("generations", [1, 2])
def test_intact_parent_lends_its_claim_under_the_trust_of_its_own_signer(generations: int) -> None:
    trusted, unknown = new_chain(), new_chain(valid_seconds=50 * 86400.0)
    for part_chain, chain, status, camera in (
        (trusted, trusted, "valid_trusted", ["digitalCapture"]),
        (unknown, trusted, "valid_trusted", []),
        # The whole is not trusted either, and says so.
        (unknown, unknown, "valid_untrusted", ["digitalCapture"]),
        (trusted, unknown, "valid_untrusted", ["digitalCapture"]),
    ):
        lent = lent_types("digitalCapture", part_chain, chain, generations=generations)
        assert (lent.status, statements(lent, "digital_source_type")) == (status, camera)
        warned = lent_types("trainedAlgorithmicMedia", part_chain, chain, generations=generations)
        assert statements(warned, "digital_source_type") == ["trainedAlgorithmicMedia"]


def test_component_of_an_unknown_signer_confirms_no_camera() -> None:
    part = signed(
        picture(), "image/jpeg", manifest("digitalCapture"), chain=new_chain(valid_seconds=50 * 86400.0)
    )
    parts = [("componentOf", part), ("componentOf", signed(picture(), "image/jpeg", manifest("print")))]
    collage = read(signed(picture(), "image/jpeg", manifest("composite"), ingredients=parts))
    assert collage.status == "valid_trusted"
    assert statements(collage, "component_source_type") == ["print"]


def test_a_part_cannot_vouch_for_its_own_signer() -> None:
    label = "urn:c2pa:11111111-2222-4333-8444-555555555555"
    check = {"code": "signingCredential.trusted", "url": f"self#jumbf=/c2pa/{label}/c2pa.signature"}
    checks = {"activeManifest": {"success": [check], "informational": [], "failure": []}}
    for relationship in ("componentOf", "inputTo"):
        own_record = {"title": "x", "format": "image/jpeg", "relationship": relationship}
        statement = manifest("digitalCapture")
        statement |= {"label": label, "ingredients": [own_record | {"validation_results": checks}]}
        unknown = new_chain(valid_seconds=50 * 86400.0)
        part = signed(picture(), "image/jpeg", statement, chain=unknown)
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["part_0"]}}
        edited = manifest()
        edited["assertions"] = [{"label": "c2pa.actions", "data": {"actions": [opened]}}]
        whole = signed(picture(), "image/jpeg", edited, ingredients=[("parentOf", part)])
        again = signed(picture(), "image/jpeg", edited, ingredients=[("parentOf", whole)])
        for file in (whole, again):
            found = read(file)
            assert found.status == "valid_trusted"
            assert statements(found, "digital_source_type") == []


def test_altered_ingredient_does_not_make_the_composite_invalid() -> None:
    part = signed(picture(), "image/jpeg")
    parts = [("componentOf", altered(part, len(part) - 40)), ("componentOf", part)]
    assert (
        read(signed(picture(), "image/jpeg", manifest("composite"), ingredients=parts)).status
        == "valid_trusted"
    )


@pytest.mark.parametrize(
    ("action", "edits"),
    [
        ({"action": "c2pa.edited", "parameters": {"description": "Face swapped"}}, True),
        ({"action": "com.example.face_swap"}, True),
        ({"action": "c2pa.edited", "description": "replaced the face"}, True),
        ({"action": "c2pa.edited", "description": "Face retouched by hand"}, True),
        ({"action": "c2pa.edited", "description": "her face was replaced"}, True),
        ({"action": "c2pa.edited", "parameters": {"description": "surface sharpened"}}, False),
        *(
            ({"action": "c2pa.edited", "description": text}, False)
            for text in (
                "font face change",
                "changed the face value",
                "deepfake warning label added",
                "edited facial hair of statue",
                "cropped; the clock face was edited",
                "replaced the faceplate",
                "surface edit",
                "No face was edited",
            )
        ),
        ({"action": "c2pa.color_adjustments"}, False),
    ],
)
def test_edit_of_a_face_is_recognised(action: dict[str, Any], edits: bool) -> None:
    file = signed(picture(), "image/jpeg", manifest("digitalCapture", actions=[action]))
    assert statements(read(file), "editing") == (["face"] if edits else [])


def test_persons_places_and_serial_numbers_stay_behind() -> None:
    private = [
        {
            "label": "stds.schema-org.CreativeWork",
            "data": {
                "@context": "https://schema.org",
                "@type": "CreativeWork",
                "author": [{"@type": "Person", "name": "Jane Roe"}],
            },
        },
        {
            "label": "stds.exif",
            "data": {
                "@context": {"exif": "http://ns.adobe.com/exif/1.0/"},
                "exif:GPSLatitude": "46,57.0N",
                "exif:BodySerialNumber": "SN-12345",
            },
        },
    ]
    read_back = str(read(signed(picture(), "image/jpeg", manifest(assertions=private))))
    for text in ("Jane Roe", "46,57", "SN-12345", "private", "Test Signer"):
        assert text not in read_back


def test_list_of_trusted_authorities_must_be_certificates() -> None:
    import c2pa

    with pytest.raises(c2pa.C2paError):
        offline_context("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
