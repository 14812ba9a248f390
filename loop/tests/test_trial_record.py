"""Texts and diffs in a record come back byte by byte."""

import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lance_autoresearch.record import as_bytes, as_text, new_id, unified_diff

LINES = st.lists(
    st.sampled_from([b"a", b"b\n", b"\n", b"\x0c", b"\xe2\x80\xa8", b"\r\n", b"\xff"]), max_size=12
)


@given(st.binary())
def test_any_bytes_survive_being_text(content: bytes) -> None:
    """A kernels.py that is not UTF-8 can be recorded and put back."""
    assert as_bytes(as_text(content)) == content


@settings(max_examples=30, deadline=None)
@given(LINES, LINES)
def test_git_applies_the_recorded_diff(before: list[bytes], after: list[bytes]) -> None:
    """A discarded idea can be brought back, without a newline at the end and with odd characters too."""
    old, new = b"".join(before), b"".join(after)
    diff = unified_diff(as_text(old), as_text(new), "kernels.py")
    if old == new:
        assert diff == ""
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kernels.py")
        file.write_bytes(old)
        command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
        subprocess.run(command, cwd=folder, input=as_bytes(diff), check=True, capture_output=True)
        assert (file.read_bytes() if file.exists() else b"") == new


def test_ids_sort_by_age_and_differ() -> None:
    """Two trials of one millisecond are two trials."""
    assert new_id(1.001) < new_id(1.002) < new_id(61.0)
    assert new_id(1.0) != new_id(1.0)
