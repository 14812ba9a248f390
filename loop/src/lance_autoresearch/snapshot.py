"""The files of one commit, laid out in a folder outside the repository.

Written from the raw blobs and not with `git archive`, which obeys attributes and filters
that an edit under `.git/info` could change.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lance_autoresearch.errors import LarError
from lance_autoresearch.git import Repository, git
from lance_autoresearch.workspace import Target

PREFIX = "lar-"


@contextmanager
def judging_folder(trials: Path) -> Iterator[Path]:
    """Yield an empty temporary folder and remove it at the end, or at the next trial after a kill.

    A note in `trials` remembers the folder, so that a killed trial leaves no litter for ever.
    Needs the trial lock.
    """
    note = trials / ".judging"
    if note.is_file():
        left = Path(note.read_text().strip())
        if left.name.startswith(PREFIX) and left.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    note.write_text(f"{folder}\n")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


def extract(repository: Repository, commit: str, target: Target, folder: Path) -> None:
    """Write what judges `target`, as it was at `commit`, below `folder`.

    Raises: LarError if the target was not part of that commit.
    """
    # The root's pyproject.toml carries the lint settings that a kernel is held to.
    paths = ("pyproject.toml", "harness-common", "referee", f"targets/{target.name}")
    listed = git(repository, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths)
    entries: list[tuple[str, str]] = []
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            description, path = line.split("\t", 1)
            mode, kind, blob = description.split()
            # A link could lead out of the snapshot, and a submodule has no blob.
            if kind == "blob" and mode != "120000":
                entries.append((blob, path))
    if not any(path == f"{target.source}/run_experiment.py" for _, path in entries):
        raise LarError(
            f"expected {target.source}/run_experiment.py in commit {commit[:10]}, where the run began\n"
            "commit the target first, then begin a run on a new branch"
        )
    batch = git(repository, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob, _ in entries).encode())
    position = 0
    for _, path in entries:
        end_of_header = batch.index(b"\n", position)
        size = int(batch[position:end_of_header].split()[2])
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(batch[end_of_header + 1 : end_of_header + 1 + size])
        position = end_of_header + 1 + size + 1
