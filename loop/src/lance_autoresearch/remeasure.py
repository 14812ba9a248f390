"""A kernel of an unattended run measured again by the loop, apart from any trial."""

import json

from lance_autoresearch import snapshot
from lance_autoresearch.champion import text_at
from lance_autoresearch.git import Repository
from lance_autoresearch.process import run_experiment
from lance_autoresearch.record import Record
from lance_autoresearch.run_folder import RunFolder


def measured(run: RunFolder, candidate: str, opponent: str | None = None) -> Record:
    """Return the referee's document on commit `candidate`'s kernel against `opponent`'s, or the baseline.

    Judged with the files of the run's start, on a seed that no trial has seen. Empty if the referee ended
    without a document, as it may on a machine that is short of memory. Needs the run's lock.

    Raises: Interrupted on Ctrl-C; LarError if git fails.
    """
    repository = Repository(run.target.root)
    with snapshot.judging_folder(run.path) as folder:
        snapshot.extract(repository, run.settings().start, run.target, folder)
        result = folder / "result.json"
        options = ["--save", str(result)]
        for name, commit in (("candidate", candidate), ("opponent", opponent)):
            if commit is not None:
                kernel = folder / f"{name}.py"
                kernel.write_bytes(text_at(repository, run.target, commit))
                options += [f"--{name}", str(kernel)]
        run_experiment(folder, run.target, options, quiet=True)
        found: Record = json.loads(result.read_bytes()) if result.is_file() else {}
        return found
