"""What a trial is asked, what every step of it needs, and what it has found so far."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness_common.budget import TIME_BUDGET_SECS
from referee.faults import Verdict
from referee.keep_rule import Decision
from referee.player_process import Rules
from referee.progress import Progress
from referee.statistics import Estimate
from referee.timing import Pair
from referee.workload import Experiment, Workload


@dataclass(frozen=True)
class Question:
    """What a trial is asked: whose texts, how carefully, with which seed (None: from the system)."""

    candidate_text: str
    opponent_text: str
    opponent_name: str = "baseline"
    opponent_handicap: float = 0.0
    baseline_text: str | None = None
    seed: int | None = None
    verify_only: bool = False
    confirm: bool = False
    n_blocks: int | None = None
    time_budget_s: float = TIME_BUDGET_SECS


@dataclass
class Record:
    """What a trial has found so far; complete once `verdict` is set, whatever the verdict."""

    seed: int
    confirmation_seed: int | None = None
    verdict: Verdict | None = None
    reason: str = ""
    detail: str = ""
    correctness: str = "not reached"
    n_cases: int = 0
    n_outputs_checked: int = 0
    suspects: list[str] = field(default_factory=list)
    sandbox: str = ""
    peak_rss_bytes: int = 0
    workloads: list[Workload] = field(default_factory=list)
    blocks: list[list[Pair]] = field(default_factory=list)
    confirmation_blocks: list[list[Pair]] = field(default_factory=list)
    baseline_blocks: list[list[Pair]] = field(default_factory=list)
    decision: Decision | None = None
    speedup_vs_baseline: Estimate | None = None


class OverBudget(Exception):
    """The trial has used up its time."""


@dataclass(frozen=True)
class Stage:
    """What every step of a trial needs.

    clock       tells seconds
    deadline_s  when the budget ends, by that clock
    """

    experiment: Experiment
    question: Question
    rules: Rules
    progress: Progress
    clock: Callable[[], float]
    deadline_s: float
    record: Record

    def check_budget(self) -> None:
        if self.clock() > self.deadline_s:
            raise OverBudget
