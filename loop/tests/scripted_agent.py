"""An agent that follows a script: turn n does what line n of the file $SCRIPT says, and the last line again.

A line holds words: `write TEXT` makes TEXT the candidate, `trial TEXT` tries it at once, `spoil FILE` edits
another file, `sleep S` takes its time, `say TEXT` speaks, `exit N` ends so. `forge R` makes the last trial's
record that of a keep at R times the champion's time, not yet settled; `shell LINE` is for whatever else.
Commands are parted by ` ; `.
"""

import json
import os
import sys
import time
from pathlib import Path

prompt_file, workdir, target = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
turn = int(prompt_file.parent.name)
script = Path(os.environ["SCRIPT"]).read_text().splitlines()
kernels = workdir / f"targets/{target}/src/{target.replace('-', '_')}/kernels.py"
for command in script[min(turn, len(script)) - 1].split(" ; "):
    word, _, rest = command.strip().partition(" ")
    rest = rest.replace("{turn}", str(turn))
    if word in ("write", "trial"):
        kernels.write_text(Path(rest[1:]).read_text() if rest.startswith("@") else f"{rest}\n")
    if word == "trial":
        import subprocess  # here, because most turns have no use for it

        lar = [sys.executable, "-m", "lance_autoresearch", "trial", target, "-m", f"by the agent: {rest}"]
        subprocess.run(lar, cwd=workdir, check=False)
    elif word == "spoil":
        (workdir / rest).write_text("spoilt\n")
    elif word == "forge":
        folder = workdir / f"targets/{target}"
        newest = max((folder / "trials").glob("*.json"))
        ratio = float(rest)
        ratios = {"ratio": ratio, "ratio_low": ratio * 0.99, "ratio_high": ratio * 1.01}
        forged = {"verdict": "keep", "exit_code": 0, "speedup_vs_baseline": 1 / ratio, **ratios}
        newest.write_text(json.dumps({**json.loads(newest.read_text()), **forged}))
        (folder / "results.tsv").unlink()
    elif word == "shell":
        os.chdir(workdir)
        os.system(rest)
    elif word == "sleep":
        time.sleep(float(rest))
    elif word == "say":
        print(rest.replace("|", "\n"), flush=True)
    elif word == "exit":
        sys.exit(int(rest))
