"""A trial's own record, `trials/<id>.json`: the decision, its evidence and both texts.

Once it is on disk the trial has happened; the commit and the ledger row follow from it.
"""

import difflib
import json
import secrets
import time
from pathlib import Path
from typing import Any

from lance_autoresearch.errors import LarError
from lance_autoresearch.files import replace_file

Record = dict[str, Any]

VERDICTS = ("keep", "discard", "fail", "crash", "timeout", "rejected")
TEXTS = ("candidate_text", "champion_text", "diff")


def new_id(now_s: float) -> str:
    """Return a trial id: the time, so that ids sort by age, and some chance, so that they differ."""
    second = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_s))
    return f"{second}-{int(now_s % 1 * 1000):03d}-{secrets.token_hex(3)}"


def as_text(content: bytes) -> str:
    """Return a file's content as text from which `as_bytes` makes the same bytes, whatever they are."""
    return content.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Return the bytes that `as_text` was given."""
    return text.encode("utf-8", "surrogateescape")


def unified_diff(before: str, after: str, path: str) -> str:
    """Return the change from `before` to `after` in the form that `git apply` takes."""
    lines = difflib.unified_diff(git_lines(before), git_lines(after), f"a/{path}", f"b/{path}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def git_lines(text: str) -> list[str]:
    """Return the lines of `text` with their ends; to git, a form feed or U+2028 does not end a line."""
    *complete, last = text.split("\n")
    return [f"{line}\n" for line in complete] + ([last] if last else [])


def save(trials: Path, record: Record) -> None:
    """Put a record on disk, whole or not at all."""
    content = json.dumps(record, indent=1).encode("ascii")
    replace_file(trials / f"{record['id']}.json", content, scratch=trials)


def load(path: Path) -> Record:
    """Return the record at `path`.

    Raises: LarError if it is not one.
    """
    try:
        record = json.loads(path.read_bytes())
    except ValueError as error:
        raise LarError(f"expected a trial record in {path}, got: {error}; move the file away") from error
    if not isinstance(record, dict) or record.get("id") != path.stem or record.get("verdict") not in VERDICTS:
        raise LarError(
            f"expected the record of trial {path.stem} in {path}, got something else; move it away"
        )
    return record


def load_result(path: Path, exit_code: int) -> Record:
    """Return the document that `run_experiment --save` left at `path`.

    Raises: LarError if the process ended without one, or contradicts itself.
    """
    how = f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"
    if not path.is_file():
        raise LarError(
            f"run_experiment ended without a verdict ({how}); nothing recorded, kernels.py untouched"
        )
    result = json.loads(path.read_bytes())
    verdict = result.get("verdict")
    if verdict not in VERDICTS or (verdict == "keep" and exit_code != 0):
        raise LarError(
            f"expected one of {', '.join(VERDICTS)} from run_experiment, and exit code 0 with keep; "
            f"got {verdict} with {how}; nothing recorded, kernels.py untouched"
        )
    return dict(result)
