import resource
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from harness_common.sysinfo import peak_rss_mb


def test_never_goes_down() -> None:
    """It is a peak: freeing memory does not lower it, and memory held counts."""
    before = peak_rss_mb()
    held = np.ones(4 << 20, dtype=np.float64)
    during = peak_rss_mb()
    n_bytes = held.nbytes
    del held
    assert 0.0 < before <= during <= peak_rss_mb()
    assert during >= n_bytes / 2**20


@pytest.mark.parametrize(("platform", "expected"), [("linux", 300.0), ("darwin", 300.0 / 1024)])
def test_knows_the_unit_of_each_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, expected: float
) -> None:
    """`ru_maxrss` is in KiB on Linux and in bytes on macOS."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=300 * 1024))
    assert expected == peak_rss_mb()
