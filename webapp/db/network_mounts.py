"""Where a file lies: SQLite loses data on file systems that other machines serve, whose locks and order of writing do not hold."""

from __future__ import annotations

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")  # of Linux; elsewhere nothing is known
_SERVED = {"afs", "beegfs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}


def served_from_elsewhere(path: Path, mounts: str | None = None) -> str | None:
    """The kind of a network file system on which a path lies, or would; None for a local one, or where that cannot be told.

    All of FUSE counts but `fuseblk`, which is a disk: buckets and remote folders are mounted by it. `mounts` as in /proc/self/mountinfo.
    """
    try:
        text = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape") if mounts is None else mounts
    except OSError:
        return None
    place, kind = -1, None
    resolved = path.resolve()
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = Path(fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if (
            resolved.is_relative_to(point) and len(point.parts) >= place
        ):  # of two at one place the later one is seen
            place, kind = len(point.parts), rest[0]
    if kind is None:
        return None
    return kind if kind in _SERVED or kind == "fuse" or kind.startswith("fuse.") else None
