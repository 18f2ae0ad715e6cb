"""Index of a snapshot's folder with the sha256 of every file, and its verification."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from webapp.domain.errors import Unable

INDEX_FILE = "snapshot.json"
# Folder of the pictures
PACK = "faces"


class DecisionOrigin(BaseModel):
    """Origin of a decision.

    `how` is agreement, majority or adjudication. `labels` is the number of labels. `decided_at` is ISO 8601.
    """

    model_config = ConfigDict(frozen=True)

    how: str
    labels: int
    decided_at: str


class IndexedFace(BaseModel):
    """Entry of one face in the index.

    In JSON, `has_landmarks` is called `landmarks` and `split` is called `part`, as in older snapshots.
    """

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    name: str
    sha256: str
    region_sha256: str | None
    has_landmarks: bool = Field(validation_alias="landmarks", serialization_alias="landmarks")
    media_sha256: str
    label: str
    split: str = Field(validation_alias="part", serialization_alias="part")
    group: str
    case: str
    decision: int
    provenance: DecisionOrigin
    consent: str


class SnapshotIndex(BaseModel):
    """Content of `snapshot.json`.

    `files` maps the paths of tables and manifests to their sha256; `items` has those of the pictures.
    `left_out` counts the cases without a face in the snapshot, by reason.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    id: str
    created_at: str
    consents: tuple[str, ...]
    left_out: dict[str, int]
    files: dict[str, str]
    items: tuple[IndexedFace, ...]

    def hashes(self) -> dict[str, str]:
        """Return the sha256 of every file except the index; keys are paths relative to the folder."""
        hashes = dict(self.files)
        for item in self.items:
            hashes[f"{PACK}/{item.name}.png"] = item.sha256
            if item.region_sha256 is not None:
                hashes[f"{PACK}/{item.name}.region.png"] = item.region_sha256
        return hashes


def read_index(folder: Path) -> SnapshotIndex:
    """Read the index of a snapshot's folder. Raises Unable: snapshot_changed if it cannot be read."""
    return SnapshotIndex.model_validate_json(_content(folder / INDEX_FILE))


def verify_files(folder: Path, sha256: str) -> None:
    """Compare every file of the folder with the hash in the index.

    `sha256` is the hash of the index itself, from the database. Raises Unable: snapshot_changed, naming the
    first file that is changed, missing or not in the index.
    """
    if hashlib.sha256(_content(folder / INDEX_FILE)).hexdigest() != sha256:
        raise _changed(INDEX_FILE)
    expected = read_index(folder).hashes()
    for name, file_sha256 in expected.items():
        if hashlib.sha256(_content(folder / name)).hexdigest() != file_sha256:
            raise _changed(name)
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    unknown = present - set(expected) - {INDEX_FILE}
    if unknown:
        raise _changed(min(unknown))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise _changed(path.name) from None


def _changed(name: str) -> Unable:
    return Unable("snapshot_changed", f"{name} of the snapshot differs from what was frozen")
