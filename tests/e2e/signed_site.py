"""Server with a trust list and moderators, and signed files in every state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import Server
from tests.desks import signed_in
from tests.signed_files import altered, manifest, new_chain, signed, source_file

# Status, problem and conflict of a file of noise, by the state that `variant` makes.
STATES: dict[str, tuple[str, str | None, str | None]] = {
    "trusted": ("valid_trusted", None, None),
    "untrusted": ("valid_untrusted", None, None),
    "expired": ("invalid", "signer_expired", None),
    "content": ("invalid", "content_changed", "content_changed_after_signing"),
    "credentials": ("invalid", "credentials_changed", "signature_invalid"),
    "ingredients": ("valid_trusted", None, None),
    "remote": ("unreadable", "remote_not_fetched", None),
    "none": ("none", None, None),
}
# Validity of certificates by an authority that is not on the trust list, or that expire at once.
_SECONDS = {"untrusted": 86400.0, "expired": 4.0}
_LABEL = {"confidence": 3, "tags": [], "note": "", "seconds": 1}


@dataclass(frozen=True)
class SignedSite:
    """Running server, and a client of its HTTP interface."""

    server: Server
    http: httpx.Client

    def analyse(self, content: bytes, **form: str) -> dict[str, Any]:
        """Return the JSON of an upload."""
        answer = self.http.post("/analyse", files={"file": ("upload", content)}, data=form)
        # A file that was changed may not be decodable any more.
        assert answer.status_code in (200, 422), answer.text
        result: dict[str, Any] = answer.json()
        return result

    def decide(self, value: str) -> list[dict[str, Any]]:
        """Let two moderators agree on the first case in the queue, and return what the desk revealed."""
        taken, revealed = set(), []
        for name in ("mia", "noah"):
            with signed_in(self.server, name) as moderator:
                case = moderator.said("/take")["case"]["id"]
                taken.add(case)
                revealed.append(moderator.said(f"/case/{case}/blind", {**_LABEL, "value": value}))
                moderator.said(f"/case/{case}/final", {"same": True})
        assert len(taken) == 1
        return revealed


def variant(name: str, state: str, address: str) -> bytes:
    """Return a file of a format in a state of STATES. An expired one is valid for some seconds."""
    content, media_type = source_file(name)
    if state == "none":
        return content
    if state in _SECONDS:
        return signed(content, media_type, chain=new_chain(valid_seconds=_SECONDS[state]))
    if state == "remote":
        return signed(content, media_type, remote=address)
    if state == "ingredients":
        jpeg = source_file("JPEG")[0]
        parts = [
            ("componentOf", signed(jpeg, "image/jpeg", manifest(kind))) for kind in ("print", "digitalArt")
        ]
        return signed(content, media_type, manifest("composite"), ingredients=parts)
    whole = signed(content, media_type)
    if state == "content":
        return altered(whole, len(whole) - 40 if name != "WEBP" else len(content) - 40)
    return altered(whole, whole.index(b"trainedAlgorithmicMedia")) if state == "credentials" else whole


def statements(answer: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Return status, problem and conflict of a result's JSON."""
    provenance = answer["provenance"]
    problems = [source["says"] for source in provenance["sources"] if source["what"] == "problem"]
    return provenance["status"], next(iter(problems), None), answer["conflict"]
