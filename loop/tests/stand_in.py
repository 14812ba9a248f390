"""A stand-in for a target's run_experiment: it speaks the referee's contract, but a word decides.

The candidate's text names its verdict (KEEP, DISCARD, FAIL, CRASH, TIMEOUT, REJECTED), or asks the
process to misbehave (DIE, HANG), to take its time (SLOW), or to wait for the file $STAND_IN_GO (LONG).
A KEEP of STEP 2 is as much faster than one of STEP 1 as that is than what names no step.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
EXIT_CODES = {"keep": 0, "discard": 0, "fail": 2, "timeout": 3, "crash": 1, "rejected": 1}
RATIOS = {"keep": (0.92, 0.91, 0.93), "discard": (1.0, 0.99, 1.01)}


def main() -> int:
    """Judge the candidate by its words."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidate", type=Path, default=HERE / "kernels.py")
    parser.add_argument("--opponent", type=Path, default=HERE / "baseline.py")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--save", type=Path)
    for flag in ("--verify", "--confirm", "--json", "--profile"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as the real one does, once it has begun
    text = options.candidate.read_text()
    if options.profile and "HANG" not in text:
        print(f"profile of {text.strip()}")
        return 0
    if "DIE" in text:
        os._exit(9)
    if "HANG" in text:
        import subprocess  # here, because most of this program's time is spent on imports

        player = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()", str(HERE)]
        subprocess.Popen(player, stdin=subprocess.PIPE, start_new_session=True)
        try:
            print("player started", file=sys.stderr, flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted: nothing was decided", file=sys.stderr, flush=True)
            return 130
    if "LONG" in text:
        print("waiting to go on", file=sys.stderr, flush=True)
        while not Path(os.environ["STAND_IN_GO"]).exists():
            time.sleep(0.01)
    time.sleep(0.1 if "SLOW" in text else 0)
    document = judged(options, text)
    if options.save:
        half = options.save.with_suffix(".half")
        half.write_text(json.dumps(document))
        half.replace(options.save)
    if options.json:
        print(json.dumps(document))
    else:
        print(f"---\nverdict: {document['verdict']}\nseed: {document['seed']}")
    return EXIT_CODES[str(document["verdict"])]


def step_of(text: str) -> int:
    """Return the digit behind the word STEP, or 0."""
    return int(text.partition("STEP ")[2][:1] or 0)


def judged(options: argparse.Namespace, text: str) -> dict[str, object]:
    """Return the document of the verdict that `text` names."""
    verdict = next((word for word in EXIT_CODES if word.upper() in text), "discard")
    n_steps = max(1, step_of(text) - step_of(options.opponent.read_text()))
    ratio, low, high = (bound and bound**n_steps for bound in RATIOS.get(verdict, (None, None, None)))
    return {
        "schema": 1,
        "target": "toy",
        "verdict": verdict,
        "reason": f"the stand-in was told to {verdict}",
        "detail": "",
        "exit_code": EXIT_CODES[verdict],
        "correctness": "fail" if verdict == "fail" else "pass",
        "geomean_ns_per_query": 1234.56,
        "worst_ns_per_query": 2000.0,
        "worst_combo": "big/uniform",
        "best_ns_per_query": 1000.0,
        "best_combo": "small/sparse",
        "peak_mem_mb": 150.25,
        "total_seconds": 12.34,
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "combos": {
            combo: {"ratio": ratio, "ratio_low": low, "ratio_high": high}
            for combo in (["uniform/small", "sparse/big"] if ratio else [])
        },
        "per_combo_geomean_ns": {"uniform/small": 1000, "sparse/big": 2000},
        "cases_checked": 12,
        "outputs_checked": 340,
        "noise": 0.0017,
        "smallest_gain": 0.0016,
        "blocks": options.blocks or 9,
        "speedup_vs_baseline": 1.5 if options.confirm else None,
        "seed": int.from_bytes(os.urandom(8), "big") if options.seed is None else options.seed,
        "given_seed": options.seed,
        "played_text": text,
        "sandbox": "landlock",
        "machine": {"python": "3.11", "governor": "performance"},
        "opponent_text": options.opponent.read_text(),
        "inputs_text": (HERE / "inputs.py").read_text(),
        "verify": options.verify,
        "confirm": options.confirm,
        "judged_in": os.getcwd(),
    }


if __name__ == "__main__":
    sys.exit(main())
