"""The files that coding agents read by themselves, all made from AGENTS.md.

Each agent looks in a place of its own; what stands there is the same page with another head.
"""

from pathlib import Path

NAME = "faster-lance-kernel"
WHEN = "Make a Lance kernel faster under the referee's rules; for every request to optimise a target here."

SKILL_HEAD = f"---\nname: {NAME}\ndescription: {WHEN}\n---\n\n"
RULE_HEAD = f"---\ndescription: {WHEN}\nalwaysApply: false\n---\n\n"
IMPORT = "@AGENTS.md\n"

# Claude Code and Gemini CLI read a page that imports AGENTS.md; Codex, opencode and Cursor read that itself.
IMPORTS = ("CLAUDE.md", "GEMINI.md")


def skill_files(root: Path) -> dict[Path, str]:
    """Return every generated file's path and text."""
    page = (root / "AGENTS.md").read_text()
    deeper = page.replace("](", "](../../../")
    return {
        **{root / name: IMPORT for name in IMPORTS},
        root / f".claude/skills/{NAME}/SKILL.md": SKILL_HEAD + deeper,
        root / f".agents/skills/{NAME}/SKILL.md": SKILL_HEAD + deeper,
        root / f".cursor/rules/{NAME}.mdc": RULE_HEAD + page.replace("](", "](../../"),
    }


def write_skills(root: Path) -> list[Path]:
    """Write the files that are not as they should be, and return their paths."""
    changed = []
    for path, text in skill_files(root).items():
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            changed.append(path)
    return changed


if __name__ == "__main__":
    for written in write_skills(Path.cwd()):
        print(f"wrote {written}")
