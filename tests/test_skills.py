"""What each coding agent reads by itself is made from one page."""

from pathlib import Path

from lance_autoresearch.skills import skill_files, write_skills

ROOT = Path(__file__).parents[1]


def test_every_agent_s_copy_is_up_to_date_and_short() -> None:
    """Else: python -m lance_autoresearch.skills"""
    files = skill_files(ROOT)
    assert {path.relative_to(ROOT).parts[0] for path in files} == {
        "CLAUDE.md",
        "GEMINI.md",
        ".claude",
        ".agents",
        ".cursor",
    }
    for path, text in files.items():
        assert path.read_text() == text, f"{path} is old: python -m lance_autoresearch.skills"
        assert len(text.splitlines()) <= 50


def test_links_lead_from_each_copy_to_the_page(tmp_path: Path) -> None:
    """A copy lies deeper than its source; written twice, nothing changes."""
    (tmp_path / "AGENTS.md").write_text("Read [HARNESS.md](HARNESS.md).\n")
    (tmp_path / "HARNESS.md").write_text("the loop\n")
    assert len(write_skills(tmp_path)) == 5
    assert write_skills(tmp_path) == []
    for path in tmp_path.glob(".*/**/*.md*"):
        link = path.read_text().split("](")[1].split(")")[0]
        assert (path.parent / link).read_text() == "the loop\n"
