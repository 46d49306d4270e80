"""Whether the locks of a file system exclude everybody who can reach it, on this machine or another.

A name on a short list is local. Of any other, one that serves several machines or mounts is
refused, and a name on neither list has to prove its lock. Who knows better says so once, with a reason
(`init --allow-file-system`): that is kept in the bus's cache, for that kind of file system alone.
"""

from __future__ import annotations

import os

from tools.core import hint
from tools.core.bus_place import BUS, bus_root_of
from tools.core.errors import DataError, SetupError
from tools.core.fs import files
from tools.core.workspace import Place

_LOCAL = frozenset({
    "apfs", "aufs", "bcachefs", "btrfs", "ecryptfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuse.fuse-overlayfs",
    "fuseblk", "hfs", "jfs", "nilfs2", "overlay", "ramfs", "reiserfs", "tmpfs", "ufs", "vfat", "xfs", "zfs",
})  # fmt: skip
_SHARED = frozenset({
    "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "fakeowner", "fuse", "gfs2",
    "glusterfs", "gpfs", "grpcfuse", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "prl_fs",
    "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
})  # fmt: skip
_KEPT = ".cache/file-system.json"
_DISK = "disk"


def kind_of(descriptor: int) -> str:
    """The name of the file system a folder is on, as the kernel lists it; "disk" for a device, "" where it lists none."""
    device = os.fstat(descriptor).st_dev
    if os.major(device):  # a disk; what is served from elsewhere has no device of its own
        return _DISK
    mark = f" {os.major(device)}:{os.minor(device)} "
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            kinds = [line.partition(" - ")[2].split(" ")[0] for line in mounts if mark in line]
    except OSError:
        return ""
    return kinds[0] if kinds else ""


def is_shared(kind: str) -> bool:
    """Whether a file system of this name is one that others reach than this kernel's one mount."""
    return kind not in _LOCAL and (kind in _SHARED or kind.startswith("fuse."))


def require(descriptor: int, folder: Place) -> None:
    """SetupError for a folder, locked by this descriptor, whose lock does not keep everybody else out."""
    kind = kind_of(descriptor)
    if kind == _DISK or kind in _LOCAL or (kind and kind == allowed(folder)):
        return
    if is_shared(kind):
        raise _refused(folder, f"is on {kind}, which others may reach past this machine's locks")
    if _is_second_lock_granted(folder):
        raise _refused(folder, f"is on a file system ({kind or 'unknown'}) that gave the same lock twice")


def _is_second_lock_granted(folder: Place) -> bool:
    import fcntl

    with files.folder_of(folder.child("x")) as opened:
        own = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=opened)
    try:
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(own)
    return True


def _refused(folder: Place, reason: str) -> SetupError:
    return SetupError(
        f"{folder.path} {reason}: two agents could hold one task",
        code="lock.network",
        hint=hint.init("--allow-file-system", "--reason", hint.WORDS),
    )


def kept_place(bus: Place) -> Place:
    """Where an override is kept: with what can be made again, as a copy on another disk must not carry it along."""
    return bus.child(_KEPT)


def allowed(folder: Place) -> str:
    """The kind of file system whose locks are trusted on somebody's word; "" for none."""
    try:
        for base in dict.fromkeys((folder.base, folder.path, bus_root_of(folder.base))):
            content = files.read_json(Place(base, f"{BUS}/{_KEPT}"))
            if content is not None:
                return str(content.get("file_system", ""))
    except (OSError, DataError, SetupError):
        pass
    return ""
