"""Schema of the sentences about a file's provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ProvenanceTexts:
    """Sentences about what a file says about its own origin.

    `{name}` is a placeholder. A mapping by a code of `laanet_core.results` has all of its codes.
    """

    title: str
    # Headline above the verdict: `made` if the file says that AI made it, `edited` if AI made a part of it.
    ai_titles: Mapping[str, str]
    ai_help: str
    # By status of the Content Credentials.
    statuses: Mapping[str, str]
    # Sentence instead of that of `unreadable` if the reader stopped before it found any credentials.
    not_checked: str
    unnamed_signer: str
    # By code of the reason for `invalid` or `unreadable`; `other` for all other codes.
    problems: Mapping[str, str]
    conflict: str
    conflicts: Mapping[str, str]
    # Kind of a statement, what it says, and the part of the file that makes it.
    statement: str
    subjects: Mapping[str, str]
    places: Mapping[str, str]
    # By code of IPTC's digital source types.
    source_types: Mapping[str, str]
    edited_face: str
    # Explanation of a program's name that only experts know.
    ffmpeg: str
    unsigned: str
