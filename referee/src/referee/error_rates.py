"""How often the referee errs on this machine: trials of identical kernels, and of a gain of known size.

    python -m referee.error_rates pq_l2 --trials 60 --out aa.jsonl
    python -m referee.error_rates pq_l2 --trials 20 --gain 0.03 --out gain.jsonl
    python -m referee.error_rates pq_l2 --trials 0 --out aa.jsonl     (resample what is there)

Each trial is a whole one (two batteries, blocks, confirmation) of the baseline against itself under another
text, appended to the file as one JSON line. Then the recorded blocks are drawn again, with replacement, into
many more trials under the same keep rule; a gain is planted there by shifting every log ratio.
"""

import importlib
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from harness_common.prng import SplitMix64
from referee import keep_rule, machine, machine_lock, statistics, timing, trial
from referee.contender import source_roots
from referee.faults import Verdict
from referee.player_process import Rules
from referee.progress import Progress
from referee.stage import Question

RESAMPLED = 20_000


def main(
    package: str,
    out: Annotated[Path, typer.Option(help="File that trials are appended to, one JSON line each.")],
    trials: Annotated[int, typer.Option(min=0, help="How many real trials to run now.")] = 60,
    gain: Annotated[float, typer.Option(min=0.0, max=0.5, help="True gain of the candidate.")] = 0.0,
) -> None:
    """Run real trials with a known answer, then resample them, and print how often each verdict came."""
    progress = Progress(sys.stderr)
    for number in range(trials):
        progress.note(f"trial {number + 1} of {trials}, gain {gain:.0%}")
        with out.open("a") as file:
            file.write(json.dumps(one_trial(package, gain, progress)) + "\n")
    progress.close()
    recorded = [json.loads(line) for line in out.read_text().splitlines()]
    print(f"real trials: {len(recorded)}")
    for verdict in sorted({row["verdict"] for row in recorded}):
        count = sum(row["verdict"] == verdict for row in recorded)
        print(f"  {verdict}: {count}")
    guarded = sum("slower at" in row["reason"] for row in recorded)
    ratios = np.array([row["ratio"] for row in recorded if row["ratio"]])
    blocks = np.concatenate([np.array(row["blocks"]) for row in recorded if row["blocks"]])
    planted = math.log1p(-recorded[0]["gain"])
    print(f"  wrong guard rejections: {guarded}")
    print(f"  ratio: median {np.median(ratios):.4f}, from {ratios.min():.4f} to {ratios.max():.4f}")
    print(f"  blocks a trial: mean {np.mean([len(row['blocks']) for row in recorded]):.1f}")
    print(f"  seconds a trial: median {np.median([row['seconds'] for row in recorded]):.0f}")
    print(f"  noise of a block: {statistics.block_noise(blocks):.4f}")
    combos = recorded[0]["combos"]
    for shift in (0.0, 0.02, 0.03, 0.05):
        kept, stopped = resample(blocks - planted + math.log1p(-shift), combos)
        print(f"resampled, gain {shift:.0%}: kept {kept:.2%}, stopped by the guard {stopped:.2%}")
    edge = blocks - planted + math.log1p(-0.05)
    edge[:, 0] += math.log1p(0.04) - math.log1p(-0.05)
    kept, stopped = resample(edge, combos)
    print(f"the same, but one combo 4% slower, as the guard allows: kept {kept:.2%}, stopped {stopped:.2%}")


def one_trial(package: str, gain: float, progress: Progress) -> dict[str, object]:
    """Run one real trial of the baseline against itself, the opponent slowed so that the gain is exact."""
    experiment = importlib.import_module(f"{package}.run_experiment").EXPERIMENT
    package_path = Path(str(importlib.import_module(package).__file__)).parent
    text = (package_path / "baseline.py").read_text()
    question = Question(
        f"{text}\n# the same kernel\n", text, confirm=True, opponent_handicap=1 / (1 - gain) - 1
    )
    start_s = progress.clock()
    with machine_lock.alone(progress.note) as folder:
        rules = Rules(*machine.pin_referee())
        record = trial.run(experiment, question, folder, source_roots(package_path), rules, progress)
    played = record.blocks + record.confirmation_blocks
    return {
        "gain": gain,
        "verdict": record.verdict,
        "reason": record.reason,
        "seed": record.seed,
        "ratio": record.decision.overall.ratio if record.decision else None,
        "seconds": progress.clock() - start_s,
        "combos": [pair.combo for pair in played[0]] if played else [],
        "blocks": timing.log_ratios(played).tolist() if played else [],
    }


def resample(blocks: np.ndarray, combos: Sequence[str]) -> tuple[float, float]:
    """Return the parts of resampled trials that are kept, and that the guard stops."""
    stream = SplitMix64(1)
    kept = stopped = 0
    for _ in range(RESAMPLED):
        decision, n_blocks = played(blocks, combos, stream)
        if decision.verdict is Verdict.KEEP:
            again = blocks[stream.integers(0, len(blocks), n_blocks)]
            decision = keep_rule.decide(again, combos, fewer_nodes=False, may_go_on=False)
        kept += decision.verdict is Verdict.KEEP
        stopped += "slower at" in decision.reason
    return kept / RESAMPLED, stopped / RESAMPLED


def played(blocks: np.ndarray, combos: Sequence[str], stream: SplitMix64) -> tuple[keep_rule.Decision, int]:
    """Return how one resampled trial is decided before its confirmation, and after how many blocks."""
    drawn = blocks[stream.integers(0, len(blocks), keep_rule.MAX_BLOCKS)]
    n_blocks = keep_rule.MIN_BLOCKS
    while True:
        may_go_on = n_blocks < keep_rule.MAX_BLOCKS
        decision = keep_rule.decide(drawn[:n_blocks], combos, fewer_nodes=False, may_go_on=may_go_on)
        if decision.verdict is not None:
            return decision, n_blocks
        n_blocks += 1


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
    app.command()(main)
    app()
