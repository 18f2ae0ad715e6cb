"""Content Credentials (C2PA) of a file, read and checked by the c2pa library without network access.

The library parses untrusted bytes in native code, so a server calls this in a confined process only.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from laanet_core.media.source_types import (
    AI_EDITED,
    AI_MADE,
    AI_TYPES,
    short_text,
    source_type,
    strongest_type,
)
from laanet_core.results import ProvenanceSource, ProvenanceStatus, ProvenanceSubject

if TYPE_CHECKING:
    import c2pa

# Bytes of all credentials of a file together. Thumbnails of many ingredients take some millions.
MAX_BYTES = 32_000_000
# Characters of the library's report.
_MAX_REPORT = 16_000_000
# Manifests that are followed from the newest one to those it is made from.
_MAX_MANIFESTS = 32

# Open files for whose callbacks memory is reserved. One read uses one.
_STREAMS = 4

# Nothing in a file may make the library open a connection.
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "core": {
        "allowed_network_hosts": [],
        "allow_redirects": False,
        "decode_identity_assertions": False,
        "max_decompressed_manifest_size_in_mb": 32,
    },
}

# Problem by the beginning of the library's code. The first that any code begins with decides.
_PROBLEMS = {
    "assertion.dataHash.mismatch": "content_changed",
    "assertion.bmffHash.mismatch": "content_changed",
    "assertion.boxesHash.mismatch": "content_changed",
    "assertion.boxesHash.unknownBox": "content_changed",
    "assertion.collectionHash": "content_changed",
    "assertion.hashedURI.mismatch": "credentials_changed",
    "claimSignature.mismatch": "credentials_changed",
    "assertion.missing": "credentials_changed",
    "signingCredential.ocsp.revoked": "signer_revoked",
    "signingCredential.revoked": "signer_revoked",
}
_EXPIRED = ("signingCredential.expired", "claimSignature.outsideValidity", "timeStamp.")
_TRUSTED, _UNTRUSTED = "signingCredential.trusted", "signingCredential.untrusted"
# Label of a manifest in the address of one of its parts.
_LABEL = re.compile(r"/c2pa/([^/]+)/")

# Actions that begin a picture, and words by which an action says that it changed a face.
_CREATED = ("c2pa.created", "c2pa.opened")
_EDITED = r"(?:swap|edit|replac|retouch|reenact|morph|alter|reshap)\w*"
_FACE = re.compile(
    # A noun of the trade, such as "face swap".
    r"\bface[\s_-]?(?:swap(?:s|ped|ping)?|replacement|reenactment|morph(?:ed|ing)?|retouch(?:ed|ing)?)\b"
    # "Replaced the face", but not the face value.
    rf"|\b{_EDITED}\s+(?:(?:the|a|his|her|their|one|person[’']s|subject[’']s)\s+)?faces?"
    r"(?=\s*(?:\Z|[.,;:)]|(?:of|with|by|in|using|and|from)\b))"
    # "Her face was replaced", but not that of a clock.
    r"|(?:\A|[.,;:(]\s*|\b(?:the|a|his|her|their|person[’']s|subject[’']s)\s+)faces?\s+"
    rf"(?:(?:was|were|is|are)\s+)?(?:(?:has|have)\s+been\s+)?{_EDITED}\b"
    r"|\bedited[_-]face\b|\bface[_-]edit(?:ed|ing)?\b",
    re.IGNORECASE,
)
# Words with which a text denies an edit, or means no person's face.
_NO_FACE = re.compile(
    r"\b(?:no|not|none|never|without|warning|label|detect\w*|check\w*|statues?|sculptures?|dolls?|masks?"
    r"|clocks?|watch|fonts?|typefaces?|rocks?|cliffs?|dice|coins?|cards?)\b|n[’']t\b",
    re.IGNORECASE,
)
_METADATA_LABELS = ("stds.iptc", "c2pa.metadata", "cawg.metadata")


@dataclass
class Credentials:
    """State of a file's Content Credentials, and their statements without names, places and pictures."""

    status: ProvenanceStatus = "none"
    sources: list[ProvenanceSource] = field(default_factory=list)

    def add(self, what: ProvenanceSubject, value: object) -> None:
        """Add a statement, unless nothing printable is left of its text."""
        says = short_text(value)
        if says is not None:
            self.sources.append(ProvenanceSource("c2pa", what, says))


def unreadable(problem: str) -> Credentials:
    """Return the state of credentials that were not read, with the code of the reason."""
    credentials = Credentials("unreadable")
    credentials.add("problem", problem)
    return credentials


@functools.lru_cache(maxsize=4)
def offline_context(trust_anchors: str) -> c2pa.Context:
    """Return the library's context that trusts the certificates of a PEM text and opens no connection.

    This imports the library. Raises c2pa.C2paError if the text is no list of certificates.
    """
    import c2pa

    settings = dict(_OFFLINE)
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    return c2pa.Context(c2pa.Settings.from_dict(settings))


def load_library(trust_anchors: str = "") -> None:
    """Load the library with all that its first use allocates, before a process is confined.

    Its functions call back into Python, which takes executable memory that a confined process cannot get.
    """
    context = offline_context(trust_anchors)
    import c2pa

    empty_jpeg = b"\xff\xd8\xff\xd9"
    with contextlib.ExitStack() as streams:
        for _ in range(_STREAMS):
            streams.enter_context(c2pa.Stream(io.BytesIO(empty_jpeg)))
    with contextlib.suppress(c2pa.C2paError):
        c2pa.Reader("image/jpeg", io.BytesIO(empty_jpeg), context=context)


def read_credentials(file: BinaryIO, media_type: str, trust_anchors: str = "") -> Credentials:
    """Return the credentials of an open file, checked against its content.

    `media_type` such as image/jpeg is the file's by its first bytes. `trust_anchors` is a PEM text with
    the certificates of trusted authorities; without it no signer is on the trust list.
    """
    context = offline_context(trust_anchors)
    import c2pa

    file.seek(0)
    try:
        with c2pa.Reader(media_type, file, context=context) as reader:
            text = reader.json()
    except c2pa.C2paError.ManifestNotFound:
        return Credentials()
    except c2pa.C2paError as error:
        is_remote = str(error).startswith("Remote:")
        return unreadable("remote_not_fetched" if is_remote else "damaged")
    if len(text) > _MAX_REPORT:
        return unreadable("too_large")
    try:
        return _credentials_of(json.loads(text))
    # The report's form depends on the file.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return unreadable("damaged")


def _credentials_of(report: Mapping[str, Any]) -> Credentials:
    """Return the credentials from the library's report."""
    manifests = report["manifests"]
    active = manifests[report["active_manifest"]]
    codes = [str(failure["code"]) for failure in _failures(report)]
    credentials = Credentials(_status(str(report["validation_state"]), codes))
    credentials.add("issuer", _mapping(active.get("signature_info")).get("issuer"))
    credentials.add("generator", _generator(active))
    own = list(_history(manifests, report["active_manifest"]))
    doubtful = _doubtful(report)
    if credentials.status == "valid_trusted":
        # A part lends its statements to the file only if its own signer is trusted, too.
        doubtful |= manifests.keys() - _trusted(report)
    credentials.add("digital_source_type", _type_of_history(manifests, own, doubtful))
    for label in _components(manifests, own):
        history = list(_history(manifests, label))
        credentials.add("component_source_type", _type_of_history(manifests, history, doubtful))
    if any(_edits_face(action) for label in own for action in _actions(manifests[label])):
        credentials.add("editing", "face")
    if credentials.status == "invalid":
        credentials.add("problem", _problem(codes))
    credentials.sources = list(dict.fromkeys(credentials.sources))
    return credentials


def _failures(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the failed checks of the newest manifest; those of its ingredients are part of its history."""
    results = _mapping(report.get("validation_results"))
    failures = _mapping(results.get("activeManifest")).get("failure") or report.get("validation_status") or []
    return [failure for failure in failures if isinstance(failure, Mapping)]


def _doubtful(report: Mapping[str, Any]) -> set[str]:
    """Return the labels of the manifests that failed a check as a part of another one.

    The other one's signature confirms that they were used, but not what they state. An unknown signer is no
    failed check here: see `_trusted`.
    """
    manifests = report["manifests"]
    deltas = _mapping(report.get("validation_results")).get("ingredientDeltas") or []
    if any(_has_failed(_mapping(_mapping(delta).get("validationDeltas"))) for delta in deltas):
        return {label for label in manifests if label != report["active_manifest"]}
    return {
        str(ingredient.get("active_manifest"))
        for manifest in manifests.values()
        for ingredient in _ingredients(manifest)
        if _has_failed(_mapping(_mapping(ingredient.get("validation_results")).get("activeManifest")))
        or _has_failed({"failure": ingredient.get("validation_status")})
    }


def _trusted(report: Mapping[str, Any]) -> set[str]:
    """Return the labels of the newest manifest and of those parts whose signers are on the trust list.

    A manifest records how its writer judged the signers of the parts that it lists. A record counts only in
    a manifest that is in this set itself, and only about the part that it lists: anybody can write that they
    are trusted. The library adds its own judgement where that differs from the record.
    """
    manifests = report["manifests"]
    deltas = _mapping(report.get("validation_results")).get("ingredientDeltas") or []
    corrected = [_mapping(_mapping(delta).get("validationDeltas")) for delta in deltas]
    confirmed = _labels_with(_TRUSTED, [one.get("success") for one in corrected])
    refused = _labels_with(_UNTRUSTED, [one.get("failure") for one in corrected])
    approved = [str(report["active_manifest"])]
    for label in approved:
        for ingredient in _ingredients(manifests[label]):
            part = str(ingredient.get("active_manifest"))
            is_trusted = part in confirmed or (part not in refused and _records_trust(ingredient, part))
            if is_trusted and part in manifests and part not in approved:
                approved.append(part)
    return set(approved)


def _records_trust(ingredient: Mapping[str, Any], label: str) -> bool:
    """Return whether a manifest's writer found the signer of the part `label` on a trust list."""
    recorded = _mapping(_mapping(ingredient.get("validation_results")).get("activeManifest"))
    doubts = [recorded.get("failure"), recorded.get("informational")]
    return label in _labels_with(_TRUSTED, [recorded.get("success")]) - _labels_with(_UNTRUSTED, doubts)


def _labels_with(code: str, results: list[Any]) -> set[str]:
    """Return the labels of the manifests that have a code in one of several lists of checks."""
    checks = [_mapping(check) for checks in results for check in checks or []]
    found = [_LABEL.search(str(check.get("url"))) for check in checks if check.get("code") == code]
    return {label[1] for label in found if label is not None}


def _has_failed(results: Mapping[str, Any]) -> bool:
    """Return whether results of checks have a failure other than an unknown signer."""
    failures = results.get("failure") or []
    codes = [str(failure.get("code")) for failure in failures if isinstance(failure, Mapping)]
    return any(code != _UNTRUSTED for code in codes)


def _status(state: str, codes: list[str]) -> ProvenanceStatus:
    """Return the status by the library's state, which only counts as valid without any other failure."""
    others = [code for code in codes if code != _UNTRUSTED]
    if others or state not in ("Trusted", "Valid"):
        return "invalid"
    return "valid_trusted" if state == "Trusted" and not codes else "valid_untrusted"


def _problem(codes: list[str]) -> str:
    for start, problem in _PROBLEMS.items():
        if any(code.startswith(start) for code in codes):
            return problem
    others = [code for code in codes if code != _UNTRUSTED]
    if others and all(code.startswith(_EXPIRED) for code in others):
        return "signer_expired"
    return "signature_invalid"


def _generator(manifest: Mapping[str, Any]) -> str | None:
    """Return the name and version of the program that wrote a manifest."""
    infos = manifest.get("claim_generator_info") or []
    info = infos[0] if isinstance(infos, list) and infos else {}
    if isinstance(info, Mapping) and isinstance(info.get("name"), str):
        version = info.get("version")
        return f"{info['name']} {version}" if isinstance(version, str) else str(info["name"])
    name = manifest.get("claim_generator")
    return name if isinstance(name, str) else None


def _history(manifests: Mapping[str, Any], label: str) -> Iterator[str]:
    """Yield a manifest's label and those of the earlier states of the same picture, newest first."""
    seen: set[str] = set()
    following: str | None = label
    while following in manifests and following not in seen and len(seen) < _MAX_MANIFESTS:
        assert following is not None
        seen.add(following)
        yield following
        following = next(
            (
                str(ingredient["active_manifest"])
                for ingredient in _ingredients(manifests[following])
                if ingredient.get("relationship") == "parentOf" and "active_manifest" in ingredient
            ),
            None,
        )


def _components(manifests: Mapping[str, Any], history: list[str]) -> list[str]:
    """Return the labels of the pictures that were placed in a picture with this history."""
    return [
        str(ingredient["active_manifest"])
        for label in history
        for ingredient in _ingredients(manifests[label])
        if ingredient.get("relationship") != "parentOf" and ingredient.get("active_manifest") in manifests
    ][:_MAX_MANIFESTS]


def _ingredients(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in manifest.get("ingredients") or [] if isinstance(one, Mapping)]


def _type_of_history(manifests: Mapping[str, Any], labels: list[str], doubtful: set[str]) -> str | None:
    """Return the source type of a picture from the labels of its manifests, newest first.

    A picture that AI made and a person edited stays made by AI. One that was edited by AI is a composite.
    From the first doubtful manifest on, statements may warn of AI, but confirm nothing.
    """
    created: list[str] = []
    edited: list[str] = []
    is_doubtful = False
    for label in labels:
        is_doubtful = is_doubtful or label in doubtful
        by_creation, by_editing = _types_of_manifest(manifests[label])
        created += [kind for kind in by_creation if kind in AI_TYPES or not is_doubtful]
        edited += [kind for kind in by_editing if kind in AI_TYPES or not is_doubtful]
    if AI_MADE in created:
        return AI_MADE
    if AI_TYPES & {*created, *edited}:
        return AI_EDITED if AI_EDITED in created or AI_TYPES & {*edited} else created[0]
    return strongest_type(created or edited)


def _types_of_manifest(manifest: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the source types that a manifest states for the creation and for later steps."""
    created: list[str] = []
    edited: list[str] = []
    for action in _actions(manifest):
        kind = source_type(action.get("digitalSourceType"))
        if kind is not None:
            (created if action.get("action") in _CREATED else edited).append(kind)
    return created + _types_of_metadata(manifest), edited


def _types_of_metadata(manifest: Mapping[str, Any]) -> list[str]:
    """Return the source types in IPTC metadata that the manifest signs."""
    kinds: list[str] = []
    for assertion in _assertions(manifest):
        if str(assertion.get("label")).startswith(_METADATA_LABELS):
            for name, value in _mapping(assertion.get("data")).items():
                if str(name).lower().endswith("digitalsourcetype"):
                    kinds += _types_of_value(value)
    return kinds


def _types_of_value(value: object) -> list[str]:
    """Return the source types in a value of JSON-LD: a text, a reference, or a list of them."""
    texts = [_mapping(one).get("@id", one) for one in (value if isinstance(value, list) else [value])]
    return [kind for text in texts if (kind := source_type(text)) is not None]


def _assertions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in manifest.get("assertions") or [] if isinstance(one, Mapping)]


def _actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the actions of a manifest."""
    return [
        action
        for assertion in _assertions(manifest)
        if str(assertion.get("label")).startswith("c2pa.actions")
        for action in _mapping(assertion.get("data")).get("actions") or []
        if isinstance(action, Mapping)
    ]


def _edits_face(action: Mapping[str, Any]) -> bool:
    """Return whether an action other than the first says that it changed a face."""
    if action.get("action") in _CREATED:
        return False
    parameters = _mapping(action.get("parameters"))
    texts = (
        action.get("action"),
        action.get("description"),
        parameters.get("description"),
        parameters.get("name"),
    )
    return any(isinstance(text, str) and _says_face_edited(text[:500]) for text in texts)


def _says_face_edited(text: str) -> bool:
    """Return whether a text clearly says that a person's face was edited. In doubt it does not."""
    return _FACE.search(text) is not None and _NO_FACE.search(text) is None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
