"""The champion's profile for the prompt, taken once per champion."""

from lance_autoresearch import snapshot
from lance_autoresearch.champion import text_at
from lance_autoresearch.files import replace_file
from lance_autoresearch.git import Repository
from lance_autoresearch.process import run_experiment
from lance_autoresearch.run_folder import RunFolder

LONGEST = 2_048  # characters


def champion_profile(run: RunFolder, champion: str) -> str:
    """Return what `lar profile` says of the champion at commit `champion`, or why it says nothing.

    A profile that cannot be taken is no reason to stop a run, nor to try again before every turn; one that a
    signal ended tells nothing of the champion, and is tried again.

    Raises: Interrupted on Ctrl-C.
    """
    kept = run.path / "profiles" / f"{champion}.txt"
    if kept.is_file():
        return kept.read_text()
    kept.parent.mkdir(parents=True, exist_ok=True)
    repository = Repository(run.target.root)
    with snapshot.judging_folder(kept.parent) as folder:
        snapshot.extract(repository, run.settings().start, run.target, folder)
        kernel, answer = folder / "champion.py", folder / "profile.txt"
        kernel.write_bytes(text_at(repository, run.target, champion))
        with answer.open("wb") as output:
            code = run_experiment(
                folder, run.target, ["--profile", "--candidate", str(kernel)], output=output
            )
        text = answer.read_text(errors="replace")[:LONGEST]
    if code != 0:
        text = f"no profile: it ended with exit code {code}\n"
    if code < 0:
        return text
    replace_file(kept, text.encode(), scratch=kept.parent)
    return text
