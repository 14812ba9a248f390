"""Whether `ruff check` is content with a kernel, by the settings of the workspace."""

import subprocess
import sys
from pathlib import Path


def complaints(text: str, path: Path) -> list[str]:
    """Return what ruff says of `text` as if it stood at `path`, a line each; empty if it is clean.

    `path` decides which settings hold: those of the nearest pyproject.toml above it.
    """
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "--quiet"]
    done = subprocess.run(
        [*command, "--stdin-filename", str(path), "-"],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        cwd=path.parent,
        check=False,
    )
    if done.returncode == 0:
        return []
    said = (done.stdout or done.stderr).decode("utf-8", "replace").splitlines()
    return [line.replace(str(path), path.name) for line in said if line.strip()]
