"""The champion's speedup over the trials of a run, as a picture."""

import io
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lance_autoresearch.speedup import Course, Point, Speedup

WIDE, NARROW = (9.0, 4.5), (4.2, 4.2)  # inches; the narrow one is for telephones
DOTS_PER_INCH = 180  # of progress.png
FAINT = 0.6  # of a discarded candidate
CROWDED = 60  # trials: more than that, and caps and marks become one blob
BELOW = 0.15  # of the champions' range: how far below it a slow candidate still stands at its own place


@dataclass(frozen=True)
class Colours:
    """Those of a picture.

    Source of those that carry meaning: Okabe and Ito, Color Universal Design, 2008.
    """

    ground: str
    text: str
    grid: str
    champion: str
    discarded: str
    stopped: str


LIGHT = Colours("#ffffff", "#1b1f24", "#dfe3e8", "#0072b2", "#7a8490", "#d55e00")
DARK = Colours("#14181d", "#e6e9ed", "#2d343c", "#56b4e9", "#a2abb5", "#e69f00")


def picture(course: Course, form: str, colours: Colours = LIGHT, size: tuple[float, float] = WIDE) -> bytes:
    """Return the picture of a run.

    form  png or svg
    size  width and height in inches
    """
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, facecolor=colours.ground, layout="constrained")
    axes = figure.add_subplot(facecolor=colours.ground)
    draw(axes, course, colours)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=len(labels) if size[0] > size[1] else 2,
        frameon=False,
        labelcolor=colours.text,
        fontsize=9,
    )
    file = io.BytesIO()
    figure.savefig(file, format=form)
    return file.getvalue()


def draw(axes: Axes, course: Course, colours: Colours) -> None:
    """Draw the champion as a line of steps, keeps on it, and the other candidates faint around it."""
    keeps = [point for point in course.points if point.kept]
    discarded = [point for point in course.points if point.candidate and not point.kept]
    stopped = [point for point in course.points if not point.candidate and not point.kept]
    floor, ceiling = limits(course)
    axes.set_ylim(floor, ceiling)

    ends = [(course.start, course.start)]
    for point in course.points:
        kept = point.candidate if point.kept else None
        ends.append((kept.low, kept.high) if kept else ends[-1])
    low, high = zip(*ends, strict=True)
    axes.fill_between(
        range(len(ends)), low, high, step="post", color=colours.champion, alpha=0.2, linewidth=0
    )
    held = [course.start, *(point.champion for point in course.points)]
    axes.step(range(len(held)), held, where="post", color=colours.champion, linewidth=2, label="champion")
    near = [one for one in discarded if middle(one) >= floor]
    crowded = len(course.points) > CROWDED
    whiskers(axes, near, colours.discarded, "discarded", crowded, alpha=FAINT, zorder=1.5)  # below the line
    whiskers(axes, keeps, colours.champion, "kept", crowded, alpha=1.0, zorder=2.5)
    edge = floor + 0.04 * (ceiling - floor)
    slow = [point.number for point in discarded if middle(point) < floor]
    for places, sign, colour, alpha, label in (
        (slow, "v", colours.discarded, FAINT, "discarded, slower than shown"),
        ([point.number for point in stopped], "x", colours.stopped, 1.0, "failed or refused"),
    ):
        if places:
            axes.plot(
                places, [edge] * len(places), sign, color=colour, alpha=alpha, markersize=6, label=label
            )
    axes.axhline(1.0, color=colours.text, linewidth=1, linestyle=(0, (4, 3)))
    if keeps:
        axes.annotate(
            f"{keeps[-1].champion:.2f}x",
            (keeps[-1].number, keeps[-1].champion),
            textcoords="offset points",
            xytext=(-6, 8),
            ha="right",
            color=colours.text,
            fontweight="bold",
            bbox={"facecolor": colours.ground, "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )
    axes.set_xlim(-0.5, len(course.points) + 0.7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}x"))
    axes.set_xlabel("trial", color=colours.text)
    over = "the baseline" if course.measured else "the run's first kernel"
    axes.set_ylabel(f"speedup over {over} (ratio of times)", color=colours.text)
    axes.tick_params(colors=colours.text, length=0)
    axes.grid(axis="y", color=colours.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def whiskers(
    axes: Axes, points: list[Point], colour: str, label: str, crowded: bool, *, alpha: float, zorder: float
) -> None:
    """Draw candidates with their intervals; the caps of several hundred would be all that one sees."""
    shown = [(point.number, point.candidate) for point in points if point.candidate]
    if not shown:
        return
    axes.errorbar(
        [number for number, _ in shown],
        [one.middle for _, one in shown],
        yerr=[[one.middle - one.low for _, one in shown], [one.high - one.middle for _, one in shown]],
        fmt="o",
        color=colour,
        markersize=3 if crowded else 6,
        elinewidth=1 if crowded else 1.5,
        capsize=0 if crowded else 4,
        capthick=1.5,
        alpha=alpha,
        zorder=zorder,
        label=label,
    )


def middle(point: Point) -> float:
    """Return the speedup of a candidate that was judged."""
    return point.candidate.middle if point.candidate else 0.0


def limits(course: Course) -> tuple[float, float]:
    """Return the lowest and the highest speedup of the picture: all champions, and what comes near them.

    A candidate that takes ten times as long would press all others into one line.
    """
    champions = [1.0, course.start, *(point.champion for point in course.points)]
    ends: list[Speedup] = [point.candidate for point in course.points if point.candidate]
    highest = max([*champions, *(one.high for one in ends)])
    reach = max(highest - min(champions), 0.1)
    lowest = min(champions) - max(BELOW * reach, 0.1)
    near = [one.low for one in ends if one.middle >= lowest]
    return max(0.0, min([lowest, *near]) - 0.04 * reach), highest + 0.12 * reach
