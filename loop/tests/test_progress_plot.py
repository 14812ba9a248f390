"""The picture of a run, by what is drawn on its axes; nothing is rendered."""

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lance_autoresearch.progress_plot import CROWDED, FAINT, LIGHT, draw
from lance_autoresearch.report_combos import EVEN, FASTER, SLOWER, colour
from lance_autoresearch.speedup import Course, Point, Speedup


def near(middle: float) -> Speedup:
    """Return a speedup with an interval of 1 % to both sides."""
    return Speedup(middle, middle * 0.99, middle * 1.01)


COURSE = Course(
    points=(
        Point(1, True, near(1.25), 1.25),
        Point(2, False, near(1.2), 1.25),
        Point(3, False, None, 1.25),
        Point(4, True, near(1.5), 1.5),
        Point(5, False, near(0.2), 1.5),
    ),
    start=1.0,
    measured=True,
)


def drawn(course: Course) -> Axes:
    """Return the axes of a picture."""
    axes = Figure().add_subplot()
    draw(axes, course, LIGHT)
    return axes


def marks(axes: Axes, label: str) -> ErrorbarContainer:
    """Return candidates that were drawn with their intervals."""
    [found] = [one for one in axes.containers if one.get_label() == label]
    assert isinstance(found, ErrorbarContainer)
    return found


def points(axes: Axes, label: str) -> Sequence[float]:
    """Return the numbers of the trials under a label of the legend."""
    handles, labels = axes.get_legend_handles_labels()
    handle = handles[labels.index(label)]
    line = handle.lines[0] if isinstance(handle, ErrorbarContainer) else handle
    assert isinstance(line, Line2D)
    return [float(x) for x in np.asarray(line.get_xdata())]


def test_each_kind_of_trial_has_its_marks_and_its_word_in_the_legend() -> None:
    """Kept, discarded, slower than the picture reaches, and stopped."""
    axes = drawn(COURSE)
    assert axes.get_legend_handles_labels()[1] == [
        "champion",
        "discarded, slower than shown",
        "failed or refused",
        "discarded",
        "kept",
    ]
    assert points(axes, "kept") == [1, 4]
    assert points(axes, "discarded") == [2]
    assert points(axes, "discarded, slower than shown") == [5]
    assert points(axes, "failed or refused") == [3]
    assert points(axes, "champion") == [0, 1, 2, 3, 4, 5]
    assert axes.texts[0].get_text() == "1.50x"


def test_discards_are_fainter_than_keeps_and_lie_below_the_champion() -> None:
    """And both show their intervals."""
    axes = drawn(COURSE)
    kept, discarded = marks(axes, "kept"), marks(axes, "discarded")
    assert to_hex(kept.lines[0].get_color()) == LIGHT.champion
    assert to_hex(discarded.lines[0].get_color()) == LIGHT.discarded
    assert (discarded.lines[0].get_alpha(), kept.lines[0].get_alpha()) == (FAINT, 1.0)
    [champion] = [line for line in axes.lines if line.get_label() == "champion"]
    assert discarded.lines[0].get_zorder() < champion.get_zorder() < kept.lines[0].get_zorder()
    [first, _] = kept.lines[2][0].get_segments()
    assert first[:, 1] == pytest.approx([1.25 * 0.99, 1.25 * 1.01])


def test_the_champion_has_a_band_as_high_as_its_interval() -> None:
    """From the last keep on, that keep's."""
    [band] = drawn(COURSE).collections[:1]
    outline = np.asarray(band.get_paths()[0].vertices, dtype=float)
    assert {round(float(y), 6) for x, y in outline if x == 5} == {1.485, 1.515}


def test_hundreds_of_trials_have_small_marks_without_caps() -> None:
    """Else they are one blob."""
    many = Course(tuple(Point(n, False, near(1.0), 1.0) for n in range(1, CROWDED + 2)), 1.0, measured=False)
    few, crowd = marks(drawn(COURSE), "discarded"), marks(drawn(many), "discarded")
    assert crowd.lines[0].get_markersize() < few.lines[0].get_markersize()
    assert (len(few.lines[1]), len(crowd.lines[1])) == (2, 0)


def test_the_axis_tells_close_speedups_apart() -> None:
    """A run without a keep has ticks 0.025 apart."""
    label = drawn(COURSE).yaxis.get_major_formatter()
    assert [label(value, 0) for value in (1.075, 1.025, 1.0)] == ["1.075x", "1.025x", "1x"]


def test_faster_is_blue_slower_is_orange_and_even_is_pale() -> None:
    """In the heat map; half as far is half as deep."""
    assert colour(1.0) == hexed(FASTER)
    assert colour(-1.0) == hexed(SLOWER)
    assert colour(0.0) == hexed(EVEN)
    assert colour(0.5) not in (colour(0.0), colour(1.0))


def hexed(colour: tuple[int, int, int]) -> str:
    """Return a colour as CSS writes it."""
    return "#" + "".join(f"{part:02x}" for part in colour)
