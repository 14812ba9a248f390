"""How each agent is started: the exact words, so that a change of one is seen."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lance_autoresearch.agents import LONGEST_ARGUMENT_BYTES, Launch, launch
from lance_autoresearch.errors import LarError

PROMPT = "Make it faster: {braces} and $HOME stay.\n"
NAMES = ("claude", "codex", "cursor-agent", "gemini", "opencode", "aider", "my-agent")

WORDS = {
    "claude": "claude -p --output-format stream-json --verbose --model M --permission-mode acceptEdits "
    "--allowedTools SHELL --tools Read,Edit,Write,Grep,Glob,Bash --strict-mcp-config --max-budget-usd 1.50",
    "codex": "codex exec --json --sandbox workspace-write -C WORKDIR --skip-git-repo-check "
    "-c allow_login_shell=false --model M -",
    "cursor": "cursor-agent -p --trust --force --sandbox enabled --output-format stream-json "
    "--model M PROMPT",
    "gemini": "gemini --model M --skip-trust --approval-mode auto_edit -o stream-json -p PROMPT",
    "opencode": "opencode run --format json --model M PROMPT",
    "aider": "aider --yes-always --subtree-only --no-auto-commits --no-dirty-commits --no-gitignore "
    "--no-suggest-shell-commands --no-detect-urls --no-analytics --no-show-release-notes "
    "--no-show-model-warnings --no-stream --no-pretty --no-check-update --model M "
    "--message-file FILE src/kernels.py",
    "my-agent --task {prompt_file} --in={workdir} -m '{model} x' '{{}}'": (
        "my-agent --task FILE --in=WORKDIR -m M|x {}"
    ),
    "my-agent {model}": "my-agent M",
}
STREAMS = {name: name for name in ("claude", "codex", "cursor", "gemini", "opencode", "aider")}
SHELL = "Bash(lar *),Bash(uv run lar *),Bash(ruff check *),Bash(uv run ruff check *)"

Start = Callable[..., Launch]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start any agent in a folder where all are installed."""
    for name in NAMES:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "prompt.md").write_text(PROMPT)

    def start(agent: str, model: str | None = "M", budget_usd: float | None = 1.5) -> Launch:
        file = tmp_path / "prompt.md"
        return launch(agent, model, file, tmp_path, budget_usd, kernels="src/kernels.py")

    return start


@pytest.mark.parametrize("agent", WORDS)
def test_each_agent_is_started_with_these_words(start: Start, tmp_path: Path, agent: str) -> None:
    started = start(agent)
    stand_for = {PROMPT: "PROMPT", SHELL: "SHELL", str(tmp_path / "prompt.md"): "FILE", "M x": "M|x"}
    words = [stand_for.get(word, word.replace(str(tmp_path), "WORKDIR")) for word in started.argv]
    assert words == WORDS[agent].split()
    assert started.stream == STREAMS.get(agent, "text")
    by_file = not {"PROMPT", "FILE"} & set(words)
    assert started.stdin == (tmp_path / "prompt.md" if by_file else None)


def test_without_a_model_or_a_budget_no_flag_names_one(start: Start) -> None:
    for agent in STREAMS:
        assert not {"--model", "--max-budget-usd"} & set(start(agent, None, None).argv)


def test_claude_may_edit_in_its_folder_only_and_has_no_tool_that_leaves_it(start: Start) -> None:
    """An Edit that is allowed by name edits any file; what would put off the end of a turn is a tool too."""
    words = start("claude").argv
    allowed, tools = (words[words.index(flag) + 1].split(",") for flag in ("--allowedTools", "--tools"))
    assert all(rule.startswith("Bash(") for rule in allowed)
    assert set(tools) == {"Read", "Edit", "Write", "Grep", "Glob", "Bash"}


def test_claude_is_never_given_a_budget_that_it_refuses(start: Start) -> None:
    assert start("claude", budget_usd=0.001).argv[-1] == "0.01"


def test_opencode_may_do_nothing_but_edit_and_type_lar(start: Start) -> None:
    rules = json.loads(start("opencode").environment["OPENCODE_CONFIG_CONTENT"])["permission"]
    assert (rules["*"], rules["edit"]) == ("deny", "allow")
    assert list(rules["bash"].items())[:2] == [("*", "deny"), ("lar *", "allow")]


def test_cursor_has_two_names(start: Start, tmp_path: Path) -> None:
    (tmp_path / "cursor-agent").rename(tmp_path / "agent")
    assert start("cursor").argv[0] == "agent"


def test_a_command_with_a_path_is_found_from_any_folder(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert start("./my-agent", None).argv == (str(tmp_path / "my-agent"),)


@pytest.mark.parametrize(
    ("agent", "model", "complaint"),
    [
        (
            "my-agent {prompt}",
            None,
            r"no placeholders but {prompt_file}, {workdir}, got .*{prompt} is unknown",
        ),
        ("my-agent {prompt_file.name}", None, "{prompt_file.name} is unknown"),
        ("my-agent {}", None, "{} is unknown"),
        ("my-agent {", None, "written twice"),
        ("my-agent 'half", None, "No closing quotation"),
        ("my-agent {model}", None, "{model} is unknown"),
        ("my-agent", "M", "expected {model} in the command"),
        (" ", None, "got nothing"),
        (
            "cluade",
            None,
            "expected the command 'cluade' on the PATH, found none; known by name: claude, codex",
        ),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused(
    start: Start, agent: str, model: str | None, complaint: str
) -> None:
    with pytest.raises(LarError, match=complaint):
        start(agent, model)


@pytest.mark.parametrize("agent", STREAMS)
def test_an_agent_that_is_not_installed_says_how_to_install_it(
    start: Start, agent: str, tmp_path: Path
) -> None:
    (tmp_path / ("cursor-agent" if agent == "cursor" else agent)).unlink()
    with pytest.raises(LarError, match=r"found none; install it: (npm|https)"):
        start(agent)


def test_a_prompt_that_is_an_argument_has_a_limit(start: Start, tmp_path: Path) -> None:
    """Linux refuses a longer one, with an error that says nothing of prompts."""
    (tmp_path / "prompt.md").write_bytes(b"x" * LONGEST_ARGUMENT_BYTES + b"\0")
    assert len(start("gemini").argv[-1]) == LONGEST_ARGUMENT_BYTES
    (tmp_path / "prompt.md").write_bytes(b"x" * (LONGEST_ARGUMENT_BYTES + 1))
    for agent in ("cursor", "gemini", "opencode"):
        with pytest.raises(LarError, match="expected at most 131071 bytes"):
            start(agent)
    assert start("claude").stdin == tmp_path / "prompt.md"
