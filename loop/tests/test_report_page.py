"""The report: what it says agrees with the records, and nothing in it runs, loads or breaks out."""

import os
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lance_autoresearch import progress_plot, record, report_page
from lance_autoresearch.history import histories
from lance_autoresearch.journal import Step
from lance_autoresearch.report_diff import coloured
from lance_autoresearch.report_ledger import trial_row
from lance_autoresearch.run_folder import RunFolder

if TYPE_CHECKING:
    from conftest import Toy

BROWSERS = ("chromium", "chromium-headless-shell", "google-chrome")
VOID = ("meta", "img", "source", "br")


class Page(HTMLParser):
    """A page's tags in order, the attributes of each, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def page(toy: "Toy", made_night: RunFolder) -> Path:
    """The report of the night, written."""
    assert toy.lar("report", "toy") == 0
    return toy.root / "report/toy/report.html"


def test_the_page_is_whole_loads_nothing_runs_nothing_and_has_its_picture(page: Path, tmp_path: Path) -> None:
    """Agents write hypotheses and kernels: their tags and quotes stay text; a browser, if any, shows them."""
    parsed = Page(page.read_text())
    assert parsed.open == []
    names = {tag for tag, _ in parsed.tags}
    assert not names & {"script", "iframe", "link", "object", "form"}
    attributes = [(name, value) for _, found in parsed.tags for name, value in found.items()]
    assert [name for name, _ in attributes if name.startswith("on")] == []
    addresses = [value or "" for name, value in attributes if name in ("src", "srcset", "href")]
    assert addresses
    assert [one for one in addresses if not one.startswith("data:image/svg+xml;base64,")] == []
    assert "url(" not in page.read_text()
    assert "<script>alert(1)</script> & \"quoted\" <img src=x onerror='y'>" in parsed.text
    width, height, rows = decoded(page.with_name("progress.png"))
    assert 1000 < width < 3000
    assert 500 < height < 2000
    assert len(set(rows)) > 100
    for browser in filter(None, map(shutil.which, BROWSERS)):
        assert_shows(browser, page, tmp_path)
        break


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the time of drawing, for tests that read words."""
    monkeypatch.setattr(report_page, "picture", lambda *_: b"<svg/>")
    monkeypatch.setattr(progress_plot, "picture", lambda *_: b"")


@pytest.mark.usefixtures("no_pictures")
def test_the_page_says_what_the_records_say(toy: "Toy", made_night: RunFolder) -> None:
    """Headline, combos, kept hypotheses, ledger, costs, diff and machine."""
    assert toy.lar("report", "toy") == 0
    page = toy.root / "report/toy/report.html"
    text = Page(page.read_text()).text
    assert "1.85 times as fast as the baseline" in text
    assert "95 % bounds: 1.81 to 1.89" in text
    assert re.search(r"trials 8 kept 3 turns 9 .*cost 2\.25 USD 13,500 tokens", text)
    # the last of the four combos: 1.852 * 1.15
    assert "uniform sparse 64x8 1.85x 1.81 to 1.89 1.94x" in text
    assert "2.13x 2.09 to 2.17" in text
    assert "from 1.00x to 1.85x over 8 trials" in text
    assert "1.33x faster (1.32x to 1.35x) block the rows by 512" in text
    assert "stalled no trial: told" in text
    assert "learned: " not in text
    assert "lesson 9" in text
    assert "scan two sub-vectors per pass mechanism: memory layout predicted: 0.9 <script>" in text
    assert "Method Candidate and champion take turns of four ops" in text
    assert "They are those of one sitting" in text
    assert "Some CPU, 2 cores, Linux, python 3.11, numba 0.68.1" in text
    html = page.read_text()
    assert '<span class="added">+    total += table[5]</span>' in html
    assert '<span class="removed">-    total = 0</span>' in html
    assert re.search(
        r'<pre class="words">stopped: all of it is used up [^\n]*\nthe branch: night</pre>', html
    )
    assert re.search(r"\.words {[^}]*pre-wrap[^}]*anywhere", html)
    assert text.count("unroll by hand") == text.count("drop the temporary") == 1
    assert re.search(r"Champion: commit \w{10} , branch autoresearch/toy/night \. Agent: claude\.", text)


def test_what_an_agent_wrote_stands_once_at_its_last_trial(toy: "Toy", made_night: RunFolder) -> None:
    """A turn with several trials ends in one message; its cost stands at the first."""
    [run] = histories(toy.root, "toy")
    first, second, *_ = run.trials
    of_both = {"trials": [first.record["id"], second.record["id"]], "wall_s": 700.0}
    turn = {"learned": "a lesson", "mechanism": "layout", "prediction": "-7 %", "cost_usd": 0.25}
    step = Step(1, {}, turn, of_both)
    rows = [trial_row(place, replace(one, step=step)) for place, one in enumerate((first, second), start=1)]
    for words in ("a lesson", "mechanism: layout", "predicted: -7 %"):
        assert [words in row for row in rows] == [False, True]
    assert "see the turn&#x27;s last trial" in rows[0]
    assert ["0.25 USD" in row for row in rows] == [True, False]


def test_a_discard_stands_at_the_champions_speedup_times_its_own(made_night: RunFolder) -> None:
    """And the start where the first keep was measured to have come from."""
    [run] = histories(Path.cwd(), "toy")
    course = report_page.course_of(run)
    assert course.measured
    assert course.start == pytest.approx(1.0)
    assert [round(point.champion, 3) for point in course.points] == [1.25, 1.25, 1.25] + [1.667] * 3 + [
        1.852,
        1.852,
    ]
    slow, failed = course.points[1].candidate, course.points[2].candidate
    assert slow is not None
    assert slow.middle == pytest.approx(1.25 / 1.02)
    assert (slow.low, slow.high) == pytest.approx((1.25 / 1.02 / 1.01, 1.25 / 1.02 / 0.99))
    assert failed is None


@pytest.mark.usefixtures("no_pictures")
def test_the_page_of_all_targets_has_a_row_each(
    toy: "Toy", made_night: RunFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With a link to those that have trials; trials by hand in the checkout count as a run."""
    other = toy.root / "targets/other"
    other.mkdir()
    (other / "pyproject.toml").write_text("[project]\n")
    toy.edit("# DISCARD\n")
    toy.lar("trial", "toy", "-m", "by hand")
    capsys.readouterr()
    assert toy.lar("report", "--all", "--output", str(tmp_path / "out")) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.relative_to(tmp_path / "out").as_posix() for path in paths] == [
        "index.html",
        "toy/report.html",
        "toy/progress.png",
    ]
    index = Page(paths[0].read_text())
    assert "other no trials yet toy 1.85x (1.81x to 1.89x) 9 3 2 2.25 USD" in index.text
    assert [found["href"] for tag, found in index.tags if tag == "a"] == ["toy/report.html"]
    both = Page(paths[1].read_text())
    assert (
        "Run tag no candidate was kept The champion is the kernel that the run began with. Branch"
        in both.text
    )
    assert "The champion's speedup, unchanged over 1 trial." in both.text
    assert "by hand the stand-in was told to discard" in both.text


def test_nothing_tried_is_said(toy: "Toy", capsys: pytest.CaptureFixture[str]) -> None:
    """No empty page is written."""
    assert toy.lar("report", "toy") == 1
    assert "expected trials of toy, found none; begin with: lar evolve toy" in capsys.readouterr().err
    assert toy.lar("report") == 64
    assert not (toy.root / "report").exists()


def test_a_diff_of_what_is_not_text_is_shown() -> None:
    """Odd bytes become signs for what cannot be shown; they neither end a line nor break the file."""
    odd = record.as_text(b"\xff\x00\x1b[31m\xe2\x80\xa8\xe2\x80\xae = 1\n")
    html = coloured(record.unified_diff("", odd, "kernels.py"))
    assert '<span class="added">+\ufffd\ufffd\ufffd[31m\ufffd\ufffd = 1</span>' in html


def assert_shows(browser: str, page: Path, tmp_path: Path) -> None:
    """From disk and without a network: the picture of the page has the size and the many colours of one."""
    shot = tmp_path / "shot.png"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,2400", f"--screenshot={shot}"]
    short = {**os.environ, "TMPDIR": "/tmp"}  # it makes a socket there, and a socket's path is short
    subprocess.run([*command, page.as_uri()], capture_output=True, check=True, timeout=60, env=short)
    width, height, rows = decoded(shot)
    assert (width, height) == (1000, 2400)
    assert len(set(rows)) > 400  # a blank page has one kind of row, text and pictures hundreds


def decoded(path: Path) -> tuple[int, int, list[bytes]]:
    """Return the width, the height and the still filtered rows of a PNG."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    at, packed = 8, b""
    while at < len(content):
        [size] = struct.unpack(">I", content[at : at + 4])
        packed += content[at + 8 : at + 8 + size] if content[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + size
    pixels = zlib.decompress(packed)
    stride = len(pixels) // height
    return width, height, [pixels[row * stride : (row + 1) * stride] for row in range(height)]
