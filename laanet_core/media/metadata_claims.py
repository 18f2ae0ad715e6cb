"""Statements on a file's origin in EXIF, IPTC, XMP, PNG texts and software atoms, all easily forged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

from laanet_core.media import exif_tags
from laanet_core.media.file_texts import MAKE, MODEL, SOFTWARE, texts_of
from laanet_core.media.generator_text import tool_of_texts
from laanet_core.media.metadata_blocks import MetadataBlocks
from laanet_core.media.source_types import SOURCE_TYPES, plain_name, source_type
from laanet_core.results import ProvenancePlace, ProvenanceSource, ProvenanceSubject

_SOURCE_TYPE = "digitalsourcetype"
# C2PA's reference to a manifest elsewhere. Dublin Core's older `dc:provenance` is a history of owners.
_REMOTE, _REMOTE_PREFIX = "provenance", "dcterms"
_ADDRESS = re.compile(r"\s{0,20}https?://\S", re.IGNORECASE)

# Records of IPTC-IIM: marker, record, data set, and length.
_IIM_MARKER, _IIM_HEAD = 0x1C, 5
_IIM_PROGRAM = (2, 65)
_MAX_IIM_RECORDS = 2000
_IIM_RESOURCE = 0x0404


def metadata_claims(blocks: MetadataBlocks) -> list[ProvenanceSource]:
    """Return the statements of a file's metadata, its Content Credentials excepted."""
    sources = _iptc_claims(blocks)
    for place, texts in texts_of(blocks):
        sources += _claims(place, "generator_text", tool_of_texts(texts))
        sources += _program_claims(place, texts)
    return list(dict.fromkeys(sources))


def has_remote_credentials(blocks: MetadataBlocks) -> bool:
    """Return whether XMP refers to Content Credentials at an address. They are never fetched."""
    return any(
        one.name.lower() == _REMOTE
        and one.prefix == _REMOTE_PREFIX
        and _ADDRESS.match(one.value) is not None
        and (not one.is_reference or one.value.rstrip().lower().endswith(".c2pa"))
        for one in blocks.xmp_properties
    )


def read_tiff(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the metadata of a TIFF file, which stores it as tags."""
    tags = exif_tags.read_tags(file)
    blocks.set_exif(tags)
    blocks.add_xmp(tags.get(exif_tags.XMP, b""))
    blocks.iptc = blocks.iptc or tags.get(exif_tags.IPTC, b"")
    blocks.credential_bytes += exif_tags.CREDENTIALS in tags


def _claims(where: ProvenancePlace, what: ProvenanceSubject, name: str | None) -> list[ProvenanceSource]:
    """Return one statement, or none if its text has not the form of a program's or device's name."""
    says = plain_name(name)
    return [] if says is None else [ProvenanceSource(where, what, says)]


def _camera(where: ProvenancePlace, make: str | None, model: str | None) -> list[ProvenanceSource]:
    """Return the statement about the camera, which needs a maker and a model.

    Only the maker is named if the model has another text than a model's name, such as a serial number.
    """
    make, name = plain_name(make), plain_name(model)
    if make is None or not model:
        return []
    if name is None:
        return _claims(where, "camera", make)
    is_repeated = name.lower().startswith(make.lower())
    return _claims(where, "camera", name if is_repeated else f"{make} {name}")


def _program_claims(place: ProvenancePlace, texts: Mapping[str, str]) -> list[ProvenanceSource]:
    """Return the statements on program and camera."""
    claims = _claims(place, "software", texts.get(SOFTWARE))
    if place in ("exif", "mp4_software"):
        claims += _camera(place, texts.get(MAKE), texts.get(MODEL))
    return claims


def _iptc_claims(blocks: MetadataBlocks) -> list[ProvenanceSource]:
    """Return the statements of IPTC in XMP and IIM, the strongest source type first."""
    texts = [one.value for one in blocks.xmp_properties if one.name.lower() == _SOURCE_TYPE]
    programs = []
    for number, value in _iim_records(blocks.iptc or _iim_block(blocks.photoshop)):
        text = value[:500].decode("utf-8", "replace")
        if "digitalsourcetype/" in text.lower():
            texts.append(text)
        elif number == _IIM_PROGRAM:
            programs += _claims("iptc", "software", text)
    kinds = {kind for text in texts if (kind := source_type(text)) is not None}
    ordered = sorted(kinds, key=SOURCE_TYPES.index)
    return [*(ProvenanceSource("iptc", "digital_source_type", kind) for kind in ordered), *programs]


def _iim_block(photoshop: bytes) -> bytes:
    """Return the IIM block among Photoshop's resources; empty if there is none."""
    start = 0
    for _ in range(_MAX_IIM_RECORDS):
        if photoshop[start : start + 4] != b"8BIM":
            break
        number = int.from_bytes(photoshop[start + 4 : start + 6], "big")
        # A name of even length, its own length included, precedes the size.
        name_length = photoshop[start + 6] if start + 6 < len(photoshop) else 0
        start += 6 + 1 + name_length + (name_length + 1) % 2
        length = int.from_bytes(photoshop[start : start + 4], "big")
        start += 4
        if number == _IIM_RESOURCE:
            return photoshop[start : start + length]
        start += length + length % 2
    return b""


def _iim_records(block: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return the record number, data set number and content of the records of an IIM block."""
    records: list[tuple[tuple[int, int], bytes]] = []
    start = 0
    for _ in range(_MAX_IIM_RECORDS):
        head = block[start : start + _IIM_HEAD]
        # The highest bit of the length marks records of more than 32 kB, which hold no short text.
        if len(head) < _IIM_HEAD or head[0] != _IIM_MARKER or head[3] & 0x80:
            break
        length = int.from_bytes(head[3:], "big")
        start += _IIM_HEAD
        records.append(((head[1], head[2]), block[start : start + length]))
        start += length
    return records
