"""Detection of network file systems.

SQLite loses data on them, because their locks and order of writes do not hold.
"""

from __future__ import annotations

from pathlib import Path

# List of mounts that Linux provides, see proc(5). On other systems nothing is detected.
MOUNTS = Path("/proc/self/mountinfo")
# Field of a line with the mount point.
_MOUNT_POINT = 4
# Types of network file systems.
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
    resolved = path.resolve()
    # The path lies on the mount with the longest mount point above it.
    longest = -1
    kind = ""
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) <= _MOUNT_POINT:
            continue
        point = Path(_unescaped(fields[_MOUNT_POINT]))
        # If two are mounted at one point, the later one is visible.
        if resolved.is_relative_to(point) and len(point.parts) >= longest:
            longest = len(point.parts)
            kind = after.split(" ")[0]
    is_network = kind in _NETWORK or kind == "fuse" or kind.startswith("fuse.")
    return kind if is_network else None


def _unescaped(field: str) -> str:
    """Return a field without the octal escapes that the kernel uses for space, tab and backslash."""
    return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
