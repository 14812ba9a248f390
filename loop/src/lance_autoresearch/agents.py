"""How each coding agent is started for one turn without a person.

Claude Code 2.1.330, Codex 0.163.0 and aider 0.86.2 were run with these flags against a scripted model: what
needs nobody, what is refused, what ends a turn. Those of cursor, gemini and opencode are from documentation
as of 2026; check them against `--help`.
What is not known by name here is a command template, for example "my-agent --task {prompt_file}".
"""

import json
import shlex
import shutil
import string
from dataclasses import dataclass, field
from pathlib import Path

from lance_autoresearch.errors import LarError

# Linux takes 32 pages of 4 KiB for one argument, with the zero byte at its end (execve(2)).
LONGEST_ARGUMENT_BYTES = 32 * 4096 - 1

# What the loop's contract asks an agent to type, as prefixes; everything else is refused.
SHELL = ("lar", "uv run lar", "ruff check", "uv run ruff check")

INSTALL = {
    "claude": "npm install -g @anthropic-ai/claude-code",
    "codex": "npm install -g @openai/codex",
    "cursor": "https://cursor.com/docs/cli/installation",
    "gemini": "npm install -g @google/gemini-cli",
    "opencode": "https://opencode.ai/docs",
    "aider": "https://aider.chat/docs/install.html",
}


@dataclass(frozen=True)
class Launch:
    """One start of an agent.

    stdin        the file it reads there; None means that it finds the end at once
    stream       how its output is read, see `agent_streams.read_stream`
    environment  what is added to ours
    """

    argv: tuple[str, ...]
    stdin: Path | None
    stream: str
    environment: dict[str, str] = field(default_factory=dict)


def launch(
    agent: str, model: str | None, prompt_file: Path, workdir: Path, budget_usd: float | None, *, kernels: str
) -> Launch:
    """Return how `agent` is started in `workdir` with the prompt in `prompt_file`.

    agent       a name (claude, codex, cursor, gemini, opencode, aider), or a command template
    model       in the agent's own spelling; None is the agent's own choice
    budget_usd  the most that the turn may cost; only claude can be told, the others ignore it
    kernels     the file to edit, relative to `workdir`: aider edits the files that it is given

    Raises: LarError if the agent is not installed, the template is none, or the prompt is too long.
    """
    prompt_file, workdir = prompt_file.resolve(), workdir.resolve()
    choice = () if model is None else ("--model", model)
    match agent:
        case "claude":
            started = claude(choice, prompt_file, budget_usd)
        case "codex":
            started = codex(choice, prompt_file, workdir)
        case "cursor":
            started = cursor(choice, prompt_file)
        case "gemini":
            started = gemini(choice, prompt_file)
        case "opencode":
            started = opencode(choice, prompt_file)
        case "aider":
            started = aider(choice, prompt_file, kernels)
        case _:
            started = template(agent, model, prompt_file, workdir)
    command = started.argv[0]
    if shutil.which(command) is None:
        how = f"install it: {INSTALL[agent]}" if agent in INSTALL else f"known by name: {', '.join(INSTALL)}"
        raise LarError(f"expected the command '{command}' on the PATH, found none; {how}")
    return started


def claude(choice: tuple[str, ...], prompt_file: Path, budget_usd: float | None) -> Launch:
    """Return the start of Claude Code."""
    # acceptEdits: it reads and edits in its folder, and types what `shell` adds; what else would ask is
    # refused, because nobody is there. Without `tools` it could leave the folder for a work tree that it
    # makes in the person's checkout, or put off the end of its turn. An allowed Edit would edit anywhere.
    tools = ("--tools", "Read,Edit,Write,Grep,Glob,Bash", "--strict-mcp-config")
    shell = ",".join(f"Bash({command} *)" for command in SHELL)
    mode = ("--permission-mode", "acceptEdits", "--allowedTools", shell, *tools)
    cap = () if budget_usd is None else ("--max-budget-usd", f"{max(budget_usd, 0.01):.2f}")  # 0 is refused
    words = ("claude", "-p", "--output-format", "stream-json", "--verbose", *choice, *mode, *cap)
    # By default a command that takes two minutes goes on in the background: a trial may take ten.
    return Launch(words, prompt_file, "claude", {"BASH_DEFAULT_TIMEOUT_MS": "600000"})


def codex(choice: tuple[str, ...], prompt_file: Path, workdir: Path) -> Launch:
    """Return the start of Codex."""
    # workspace-write: commands run in Codex's own sandbox, which writes to the folder and the temporary
    # folders only and has no network; what would need more is refused. The default could not even edit.
    # A login shell would begin with /etc/profile, which on Debian sets a PATH without `lar`.
    place = ("--sandbox", "workspace-write", "-C", str(workdir), "--skip-git-repo-check")
    words = ("codex", "exec", "--json", *place, "-c", "allow_login_shell=false", *choice, "-")
    return Launch(words, prompt_file, "codex")


def cursor(choice: tuple[str, ...], prompt_file: Path) -> Launch:
    """Return the start of Cursor's agent."""
    # Without --force it only proposes its edits; its own sandbox keeps commands to the folder.
    mode = ("--trust", "--force", "--sandbox", "enabled")
    form = ("--output-format", "stream-json")
    return Launch((cursor_name(), "-p", *mode, *form, *choice, as_argument(prompt_file)), None, "cursor")


def cursor_name() -> str:
    """Return the name of Cursor's command: the older one, or the newer one, which others could have too."""
    return "agent" if shutil.which("cursor-agent") is None and shutil.which("agent") else "cursor-agent"


def gemini(choice: tuple[str, ...], prompt_file: Path) -> Launch:
    """Return the start of Gemini CLI."""
    # auto_edit approves edits and, with nobody to ask, refuses the shell; yolo would approve any command.
    # So this agent does not type `lar` itself: the loop tries what it leaves.
    mode = ("--skip-trust", "--approval-mode", "auto_edit")
    words = ("gemini", *choice, *mode, "-o", "stream-json", "-p", as_argument(prompt_file))
    return Launch(words, None, "gemini")


def opencode(choice: tuple[str, ...], prompt_file: Path) -> Launch:
    """Return the start of opencode."""
    # The last rule that fits counts. Nothing is left to ask, so nothing needs a flag that skips asking.
    shell = {"*": "deny", **{f"{command} *": "allow" for command in SHELL}}
    tools = dict.fromkeys(("read", "edit", "glob", "grep", "list"), "allow")
    rules = {"permission": {"*": "deny", **tools, "bash": shell}}
    words = ("opencode", "run", "--format", "json", *choice, as_argument(prompt_file))
    return Launch(words, None, "opencode", {"OPENCODE_CONFIG_CONTENT": json.dumps(rules)})


def aider(choice: tuple[str, ...], prompt_file: Path, kernels: str) -> Launch:
    """Return the start of aider."""
    # It says yes to all of its own questions; so it is not to ask to commit, to run a command, to fetch
    # a page that the prompt names, to change .gitignore, which is immutable in a run, or to collect how it
    # is used. For the rest of the pages that it offers, the browser is a command that does nothing.
    never = ("auto-commits", "dirty-commits", "gitignore", "suggest-shell-commands", "detect-urls")
    quiet = ("analytics", "show-release-notes", "show-model-warnings", "stream", "pretty", "check-update")
    # subtree-only: without it, it also writes to files outside its folder.
    modes = ("--yes-always", "--subtree-only", *(f"--no-{word}" for word in (*never, *quiet)))
    words = ("aider", *modes, *choice, "--message-file", str(prompt_file), kernels)
    # It breaks its lines like a terminal; the four that the prompt asks for are read line by line.
    return Launch(words, None, "aider", {"BROWSER": "true", "COLUMNS": "1000"})


def template(command: str, model: str | None, prompt_file: Path, workdir: Path) -> Launch:
    """Return the start of a command with {prompt_file}, {workdir} and {model} in its words.

    No shell sees it. Without {prompt_file} the prompt comes on stdin.
    """
    known = {"prompt_file": str(prompt_file), "workdir": str(workdir)}
    known |= {} if model is None else {"model": model}
    try:
        words = shlex.split(command)
        named = {
            name for word in words for _, name, _, _ in string.Formatter().parse(word) if name is not None
        }
        if not named <= known.keys():
            raise ValueError(f"{{{min(named - known.keys())}}} is unknown")
        filled = [word.format(**known) for word in words]
    except ValueError as error:
        raise LarError(
            f"expected a command with no placeholders but {', '.join(f'{{{name}}}' for name in known)}, "
            f"got {command!r}: {error}; a brace that is meant as one is written twice"
        ) from error
    if not words:
        raise LarError(f"expected one of {', '.join(INSTALL)} or a command as the agent, got nothing")
    if model is not None and "model" not in named:
        raise LarError(f"expected {{model}} in the command, since a model is given; got {command!r}")
    if "/" in filled[0]:
        filled[0] = str(Path(filled[0]).absolute())  # it starts in another folder than ours
    return Launch(tuple(filled), None if "prompt_file" in named else prompt_file, "text")


def as_argument(prompt_file: Path) -> str:
    """Return the prompt as one word of a command line.

    Raises: LarError if it is longer than Linux allows.
    """
    prompt = prompt_file.read_bytes().replace(b"\0", b"")  # an argument ends at a zero byte
    if len(prompt) > LONGEST_ARGUMENT_BYTES:
        raise LarError(
            f"expected at most {LONGEST_ARGUMENT_BYTES} bytes in a prompt that is an argument, "
            f"got {len(prompt)} in {prompt_file}; claude, codex and a command template read it on stdin"
        )
    return prompt.decode("utf-8", "surrogateescape")
