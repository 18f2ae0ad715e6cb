"""Detection of network file systems.

SQLite loses data on them, because their locks and order of writes do not hold.
"""

from __future__ import annotations

from pathlib import Path

# Of Linux. On other systems nothing is detected.
MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
}


def network_file_system(path: Path, mounts: str | None = None) -> str | None:
    """Return the type of the network file system of a path; None if it is local or unknown.

    The path need not exist. All of FUSE counts except `fuseblk`, which is a disk: buckets and remote folders
    are mounted by it. `mounts` has the format of /proc/self/mountinfo.
    """
    try:
        text = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape") if mounts is None else mounts
    except OSError:
        return None
    depth, kind = -1, None
    resolved = path.resolve()
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = Path(fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        # If two are mounted at one point, the later one is visible.
        if resolved.is_relative_to(point) and len(point.parts) >= depth:
            depth, kind = len(point.parts), rest[0]
    if kind is None:
        return None
    return kind if kind in _NETWORK or kind == "fuse" or kind.startswith("fuse.") else None
