"""Provenance of a file: the statements that it makes about its own origin, and whether they are signed.

Only codes, names of programs and cameras, and the signer's organisation are returned: never a place, a
person, a serial number or a thumbnail.
"""

from __future__ import annotations

from typing import BinaryIO

from laanet_core.media.bmff_metadata import read_boxes
from laanet_core.media.content_credentials import MAX_BYTES, Credentials, read_credentials, unreadable
from laanet_core.media.credential_marks import has_marks
from laanet_core.media.images import HEAD_BYTES, Source, open_source
from laanet_core.media.matroska_metadata import read_matroska
from laanet_core.media.metadata_blocks import MetadataBlocks, read_gif, read_jpeg, read_png, read_riff
from laanet_core.media.metadata_claims import has_remote_credentials, metadata_claims, read_tiff
from laanet_core.media.source_types import (
    AI_TYPES,
    CAPTURED_TYPES,
    NOT_AI_TYPES,
    NOT_CAPTURED_TYPES,
    strongest_type,
)
from laanet_core.results import Provenance, ProvenanceSource, ProvenanceSubject

# Statements of one file that are returned.
MAX_SOURCES = 16

# Media types by the first bytes of a file.
_STARTS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"\x1aE\xdf\xa3": "video/matroska",
}
# Media types of files made of boxes, by the first brand.
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"),
    b"qt  ": "video/quicktime",
}


def read_provenance(source: Source, trust_anchors: str = "") -> Provenance:
    """Return the provenance of a picture or clip. A file of another type has none.

    `trust_anchors` is a PEM text with the certificates of trusted authorities. Raises UnreadableMedia
    (file_not_found).
    """
    with open_source(source) as file:
        media_type = _media_type(file.read(HEAD_BYTES))
        if media_type is None:
            # A signed file with a damaged beginning has no media type any more.
            return combine(unreadable("damaged"), []) if has_marks(file) else Provenance()
        blocks = _read_blocks(file, media_type)
        credentials = _credentials(file, media_type, blocks, trust_anchors)
    return combine(credentials, metadata_claims(blocks))


def combine(credentials: Credentials, claims: list[ProvenanceSource]) -> Provenance:
    """Return the provenance from the credentials and the unsigned statements of a file.

    An invalid signature may warn of AI, but never confirms a camera. Of several source types the strongest
    counts.
    """
    sources = [*credentials.sources, *claims]
    is_valid = credentials.status in ("valid_trusted", "valid_untrusted")
    reassuring = [source for source in sources if is_valid or source.where != "c2pa"]
    kinds = _types(sources, "digital_source_type")
    has_generator_text = any(source.what == "generator_text" for source in sources)
    is_ai = has_generator_text or bool(AI_TYPES & {*kinds, *_types(sources, "component_source_type")})
    believed = [kind for kind in kinds if kind in AI_TYPES]
    kind = strongest_type([*believed, *_types(reassuring, "digital_source_type")])
    is_captured = kind in CAPTURED_TYPES or any(source.what == "camera" for source in reassuring)
    rules_camera_out = is_ai or kind in NOT_CAPTURED_TYPES
    return Provenance(
        status=credentials.status,
        issuer=_first(sources, "issuer"),
        generator=_first(sources, "generator", "generator_text", "software"),
        digital_source_type=strongest_type(kinds),
        ai_generated=True if is_ai else (False if kind in NOT_AI_TYPES else None),
        captured_by_camera=True if is_captured else (False if rules_camera_out else None),
        sources=tuple(sources[:MAX_SOURCES]),
    )


def _types(sources: list[ProvenanceSource], subject: ProvenanceSubject) -> list[str]:
    return [source.says for source in sources if source.what == subject]


def _first(sources: list[ProvenanceSource], *subjects: str) -> str | None:
    """Return the first statement on the first of the subjects that has any."""
    for subject in subjects:
        for source in sources:
            if source.what == subject:
                return source.says
    return None


def _media_type(head: bytes) -> str | None:
    """Return the media type of a file by its first bytes; None if it is not looked at."""
    for start, media_type in _STARTS.items():
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/avi"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return "video/quicktime" if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip") else None


def _read_blocks(file: BinaryIO, media_type: str) -> MetadataBlocks:
    """Return the raw metadata of a file of a known media type."""
    blocks = MetadataBlocks()
    if media_type == "image/tiff":
        read_tiff(file, blocks)
    elif media_type == "image/jpeg":
        read_jpeg(file, blocks)
    elif media_type == "image/png":
        read_png(file, blocks)
    elif media_type == "image/gif":
        read_gif(file, blocks)
    elif media_type in ("image/webp", "video/avi"):
        read_riff(file, blocks)
    elif media_type == "video/matroska":
        read_matroska(file, blocks)
    else:
        read_boxes(file, blocks)
    return blocks


def _credentials(file: BinaryIO, media_type: str, blocks: MetadataBlocks, trust_anchors: str) -> Credentials:
    """Return the Content Credentials of a file. The library is loaded only if there are any.

    A file that evidently carried some never has the status `none`, even if no reader finds them.
    """
    if blocks.credential_bytes > MAX_BYTES:
        return unreadable("too_large")
    credentials = Credentials()
    # Matroska has no place for credentials, but may have signed pictures attached.
    is_marked = media_type != "video/matroska" and has_marks(file)
    if blocks.credential_bytes or is_marked:
        credentials = read_credentials(file, media_type, trust_anchors)
    if credentials.status != "none":
        return credentials
    if has_remote_credentials(blocks):
        return unreadable("remote_not_fetched")
    # Other standards use the segments of a JPEG, too. Everywhere else a place for credentials is evident.
    are_evident = is_marked or (blocks.credential_bytes > 0 and media_type != "image/jpeg")
    return unreadable("damaged") if are_evident else credentials
