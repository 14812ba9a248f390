"""What a trial found, as one JSON document and as the `key: value` block that people and agents read."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from harness_common.stats import geomean
from referee import keep_rule, statistics
from referee.faults import EXIT_CODES
from referee.stage import Question, Record
from referee.statistics import Estimate
from referee.timing import Pair, log_ratios

SCHEMA = 1


def document(
    target: str,
    question: Question,
    record: Record,
    machine: Mapping[str, str | int | float],
    total_seconds: float,
) -> dict[str, Any]:
    """Return everything that is known of a trial; every number can be recomputed from `samples`."""
    decision = record.decision
    ratio = decision.overall if decision else None
    times_ns = combo_times_ns(record.blocks + record.confirmation_blocks)
    worst = max(times_ns, key=times_ns.__getitem__) if times_ns else None
    best = min(times_ns, key=times_ns.__getitem__) if times_ns else None
    if question.opponent_name == "baseline":
        against_baseline = record.confirmation_blocks or record.blocks
    else:
        against_baseline = record.baseline_blocks if record.speedup_vs_baseline else []
    speedup = record.speedup_vs_baseline
    if speedup is None and against_baseline:
        speedup = statistics.overall(-log_ratios(against_baseline))
    return {
        "schema": SCHEMA,
        "target": target,
        "verdict": record.verdict,
        "reason": one_line(record.reason),
        "detail": printable(record.detail),
        "exit_code": EXIT_CODES[record.verdict] if record.verdict else 0,
        "correctness": record.correctness,
        "cases_checked": record.n_cases,
        "outputs_checked": record.n_outputs_checked,
        "shapes_tested": len({workload.shape for workload in record.workloads}) or None,
        "distributions_tested": len({workload.distribution for workload in record.workloads}) or None,
        "geomean_ns_per_query": round(geomean(list(times_ns.values()))) if times_ns else None,
        "worst_ns_per_query": times_ns[worst] if worst else None,
        "worst_combo": worst,
        "best_ns_per_query": times_ns[best] if best else None,
        "best_combo": best,
        "per_combo_geomean_ns": times_ns,
        "peak_mem_mb": round(record.peak_rss_bytes / 2**20, 1),
        "total_seconds": round(total_seconds, 1),
        "opponent": question.opponent_name,
        **named("ratio", ratio),
        "combos": {combo: named("ratio", one) for combo, one in decision.combos.items()} if decision else {},
        "blocks": len(record.blocks) + len(record.confirmation_blocks),
        **noise(record.blocks),
        **named("speedup_vs_baseline", speedup),
        "combos_vs_baseline": combo_speedups(against_baseline),
        "seed": record.seed,
        "confirmation_seed": record.confirmation_seed,
        "sandbox": record.sandbox,
        "machine": dict(machine),
        "suspects": [one_line(suspect) for suspect in record.suspects],
        "samples": {
            "blocks": [samples(block) for block in record.blocks],
            "confirmation_blocks": [samples(block) for block in record.confirmation_blocks],
            "baseline_blocks": [samples(block) for block in record.baseline_blocks],
        },
    }


def one_line(text: str) -> str:
    """Return `text` so that it cannot pass for another line of the block, whoever wrote it."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def noise(blocks: list[list[Pair]]) -> dict[str, float | None]:
    """Return the noise of a block, and the smallest gain that the least number of blocks can show with it."""
    if not blocks:
        return {"noise": None, "smallest_gain": None}
    one = statistics.block_noise(log_ratios(blocks))
    smallest = statistics.smallest_visible_gain(one, keep_rule.MIN_BLOCKS)
    return {"noise": finite(one), "smallest_gain": finite(smallest)}


def combo_times_ns(blocks: list[list[Pair]]) -> dict[str, int]:
    """Return the candidate's ns per op for each combo: the median over blocks."""
    times: dict[str, list[float]] = {}
    for block in blocks:
        for pair in block:
            times.setdefault(pair.combo, []).append(statistics.typical_ns(pair.durations_ns("candidate")))
    return {combo: round(float(np.median(values))) for combo, values in times.items()}


def combo_speedups(blocks: list[list[Pair]]) -> dict[str, dict[str, float | None]]:
    """Return how many times as fast as the baseline the candidate is at each combo, with its interval."""
    if not blocks:
        return {}
    speedups = statistics.by_combo(-log_ratios(blocks))
    return {pair.combo: named("speedup", one) for pair, one in zip(blocks[0], speedups, strict=True)}


def named(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    if estimate is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {
        name: finite(estimate.ratio),
        f"{name}_low": finite(estimate.low),
        f"{name}_high": finite(estimate.high),
    }


def finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def samples(block: list[Pair]) -> dict[str, Any]:
    """Return one block's recorded clock readings in ns, in the order they were taken."""
    return {
        pair.combo: {
            side: {
                "durations_ns": [turn.durations_ns for turn in turns],
                "wall_ns": [turn.wall_ns for turn in turns],
                "cpu_ns": [turn.cpu_ns for turn in turns],
            }
            for side, turns in (("candidate", pair.candidate), ("opponent", pair.opponent))
        }
        for pair in block
    }


def block(found: Mapping[str, Any]) -> str:
    """Return the block: `---`, then one `key: value` a line, `-` for what was not measured."""
    machine = found["machine"]
    lines = {
        "target": found["target"],
        "correctness": found["correctness"],
        "cases_checked": found["cases_checked"],
        "outputs_checked": found["outputs_checked"],
        "shapes_tested": found["shapes_tested"],
        "distributions_tested": found["distributions_tested"],
        "geomean_ns_per_query": found["geomean_ns_per_query"],
        "worst_ns_per_query": with_combo(found, "worst"),
        "best_ns_per_query": with_combo(found, "best"),
        "per_combo_geomean_ns": " ".join(f"{k}={v}" for k, v in found["per_combo_geomean_ns"].items())
        or None,
        "peak_mem_mb": found["peak_mem_mb"],
        "total_seconds": found["total_seconds"],
        "opponent": found["opponent"],
        "verdict": found["verdict"],
        "reason": found["reason"],
        "ratio": with_interval(found, "ratio"),
        "worst_combo_ratio": worst_ratio(found["combos"]),
        "speedup_vs_baseline": with_interval(found, "speedup_vs_baseline"),
        "blocks": found["blocks"],
        "noise": found["noise"],
        "seed": found["seed"],
        "confirmation_seed": found["confirmation_seed"],
        "sandbox": found["sandbox"],
        "machine": f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, load {machine['load']}",
    }
    width = max(map(len, lines)) + 2
    text = ["---"]
    for key, value in lines.items():
        shown = "-" if value is None or value == "" else value
        text.append(f"{key + ':':<{width}}{shown}")
    text += [f"{'suspect:':<{width}}{suspect}" for suspect in found["suspects"]]
    return "\n".join(text)


def with_combo(found: Mapping[str, Any], which: str) -> str | None:
    time_ns = found[f"{which}_ns_per_query"]
    return None if time_ns is None else f"{time_ns} ({found[f'{which}_combo']})"


def with_interval(found: Mapping[str, Any], name: str) -> str | None:
    ratio, low, high = found[name], found[f"{name}_low"], found[f"{name}_high"]
    return None if ratio is None else f"{ratio:.4f} ({low or 0:.4f} to {high or math.inf:.4f})"


def worst_ratio(combos: Mapping[str, Mapping[str, float]]) -> str | None:
    if not combos:
        return None
    worst = max(combos, key=lambda combo: combos[combo]["ratio"])
    return f"{with_interval(combos[worst], 'ratio')} at {worst}"
