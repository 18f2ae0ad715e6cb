"""Texts of a file by the part that has them: the one place that looks for settings of AI programs.

The texts may name people and places. They are compared with known forms and never passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from laanet_core.media import exif_tags
from laanet_core.media.metadata_blocks import MetadataBlocks
from laanet_core.media.xmp_packets import Property
from laanet_core.results import ProvenancePlace

# Keys of texts that are the same in several parts of a file.
COMMENT, DESCRIPTION, SOFTWARE, MAKE, MODEL = "comment", "description", "software", "make", "model"

_XMP_KEYS = {
    "description": DESCRIPTION,
    "imagedescription": DESCRIPTION,
    "usercomment": COMMENT,
    "creatortool": SOFTWARE,
    **{key: key for key in ("parameters", "prompt", "workflow")},
}
_EXIF_KEYS = {
    exif_tags.USER_COMMENT: COMMENT,
    exif_tags.DESCRIPTION: DESCRIPTION,
    exif_tags.WINDOWS_COMMENT: "windows comment",
    exif_tags.DOCUMENT_NAME: "document name",
    exif_tags.SOFTWARE: SOFTWARE,
    exif_tags.MAKE: MAKE,
    exif_tags.MODEL: MODEL,
}


def texts_of(blocks: MetadataBlocks) -> Iterator[tuple[ProvenancePlace, Mapping[str, str]]]:
    """Yield each part of a file that has texts, and the texts by key in lower case.

    The first text of a key counts. Further ones have a number behind their key.
    """
    yield "xmp", _xmp_texts(blocks.xmp_properties)
    yield (
        "exif",
        {
            key: exif_tags.text_of(tag, blocks.exif[tag])
            for tag, key in _EXIF_KEYS.items()
            if tag in blocks.exif
        },
    )
    yield "comment", _comments(blocks.comments)
    yield "png_text", _numbered(blocks.texts)
    yield "mp4_software", _numbered(blocks.software)


def _xmp_texts(properties: list[Property]) -> dict[str, str]:
    return _numbered(
        (_XMP_KEYS[one.name.lower()], one.value) for one in properties if one.name.lower() in _XMP_KEYS
    )


def _comments(comments: list[str]) -> dict[str, str]:
    """Return the comments. Programs split long texts into several."""
    joined = ["".join(comments)] if len(comments) > 1 else []
    return _numbered((COMMENT, text) for text in [*comments, *joined])


def _numbered(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for number, (key, text) in enumerate(pairs):
        lower = key.lower()
        texts[lower if lower not in texts else f"{lower} {number}"] = text
    return texts
