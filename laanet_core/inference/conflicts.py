"""Contradictions between a file's own statements, or between them and the network's verdict."""

from __future__ import annotations

import dataclasses

from laanet_core.media.source_types import AI_EDITED, AI_TYPES, CAPTURED_TYPES
from laanet_core.results import AnalysisResult, Conflict, Provenance, Verdict

# An expired certificate does not contradict the content: it only leaves the time of signing open.
_CHANGED, _EXPIRED = "content_changed", "signer_expired"


def conflict_of(provenance: Provenance, verdict: Verdict | None) -> Conflict | None:
    """Return the gravest contradiction; None if there is none.

    `verdict` is the network's for the whole file, None without a judged face. It is never changed by this.
    """
    if provenance.status == "invalid" and provenance.problem != _EXPIRED:
        is_content = provenance.problem == _CHANGED
        return "content_changed_after_signing" if is_content else "signature_invalid"
    if provenance.captured_by_camera and any(one.what == "generator_text" for one in provenance.sources):
        return "generator_text_in_camera_file"
    if not provenance.is_valid:
        return None
    signed = [source for source in provenance.sources if source.where == "c2pa"]
    kinds = {source.says for source in signed if source.what == "digital_source_type"}
    has_ai_part = any(one.what == "component_source_type" and one.says in AI_TYPES for one in signed)
    claims_edit = AI_EDITED in kinds or has_ai_part or any(one.what == "editing" for one in signed)
    is_camera_alone = kinds & CAPTURED_TYPES and not provenance.ai_generated and not claims_edit
    if verdict == "fake" and is_camera_alone:
        return "camera_signed_but_blended"
    if verdict == "real" and claims_edit:
        return "edited_face_claimed_but_nothing_seen"
    return None


def with_provenance(result: AnalysisResult, provenance: Provenance) -> AnalysisResult:
    """Return a result with its file's provenance and their contradiction, if there is one."""
    conflict = conflict_of(provenance, result.verdict)
    return dataclasses.replace(result, provenance=provenance, conflict=conflict)
