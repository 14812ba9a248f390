"""Files that are either old or new after a kill, never half-written."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes, scratch: Path) -> None:
    """Make `path` hold `content`, in one step, keeping its permissions.

    scratch  a folder on the same file system for the half-written copy
    """
    half_written = scratch / f".{path.name}.new"
    descriptor = os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        if path.exists():
            os.fchmod(descriptor, path.stat().st_mode & 0o777)
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(half_written, path)
    sync_folder(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte of `content`.

    Raises: OSError if the disk takes only part of it.
    """
    written = os.write(descriptor, content)
    if written != len(content):
        raise OSError(f"expected to write {len(content)} bytes, wrote {written}; is the disk full?")


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
