"""What the doctor concludes: each finding says what was seen, the likely cause and what to try.

Pure functions of what was measured.
"""

import math
from dataclasses import dataclass
from typing import Any

# The keep rule asks for 1 %: a machine that cannot see that much in a trial's first blocks tries in the dark.
WANTED_GAIN = 0.01
BUSY_SHARE = 0.25
STOLEN_NOTE, STOLEN_PROBLEM = 0.005, 0.05


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at; `level` is ok, note or problem."""

    level: str
    subject: str
    seen: str
    cause: str = ""
    remedy: str = ""


def check_noise(result: dict[str, Any]) -> Finding:
    """Say whether identical kernels scatter little enough."""
    noise, gain = result.get("noise"), result.get("smallest_gain")
    if not isinstance(noise, int | float) or not isinstance(gain, int | float):
        return Finding(
            "problem", "noise", "not measured", "the measurement ended early", "see the verdict above"
        )
    seen = f"{noise:.2%} per block; smallest gain that a trial can see at once: {gain:.2%}"
    if gain < WANTED_GAIN:
        return Finding("ok", "noise", seen)
    return Finding(
        "problem",
        "noise",
        f"{seen}, more than the {WANTED_GAIN:.0%} that the keep rule asks for",
        "other processes, a busy host, or a clock frequency that wanders",
        "stop other work, then run lar doctor again; a real gain may need many more blocks here",
    )


def check_identical(result: dict[str, Any]) -> Finding:
    """Say whether two copies of one kernel come out equal (an A/A trial)."""
    ratio, low, high = (result.get(key) for key in ("ratio", "ratio_low", "ratio_high"))
    if ratio is None or low is None or high is None:
        reason = result.get("reason") or "no reason given"
        return Finding(
            "problem",
            "A/A",
            f"no ratio; verdict {result.get('verdict')}: {reason}",
            "the baseline itself did not get through",
            "run lar verify on this target and read its block",
        )
    seen = f"two copies of one kernel: ratio {ratio:.4f} ({low:.4f} to {high:.4f})"
    if abs(math.log(ratio)) > WANTED_GAIN or result.get("verdict") == "keep":
        return Finding(
            "problem",
            "A/A",
            f"{seen}, expected 1 within {WANTED_GAIN:.0%}",
            "the machine changed pace during the measurement",
            "stop other work and run lar doctor again; if it stays, do not trust a keep from this machine",
        )
    if low > 1 or high < 1:
        return Finding("note", "A/A", f"{seen}; the interval misses 1, which chance does in one of ten runs")
    return Finding("ok", "A/A", seen)


def check_cores(cores: int) -> Finding:
    """Say whether the referee and a player can each have a core."""
    if cores >= 2:
        return Finding("ok", "cores", str(cores))
    return Finding(
        "note",
        "cores",
        "1",
        "the referee and the player share it",
        "give this machine or container a second core",
    )


def check_load(load: float, cores: int) -> Finding:
    """Say whether others were using the cores just before the measurement."""
    seen = f"{load:.2f} on {cores} cores, before measuring"
    if load <= BUSY_SHARE * cores:
        return Finding("ok", "load average", seen)
    level = "problem" if load > cores - 0.5 else "note"
    return Finding(
        level, "load average", seen, "other processes are running", "see top; wait for them or stop them"
    )


def check_governor(governor: str | None) -> Finding:
    """Say whether the clock frequency is held steady."""
    if not governor or "not readable" in governor:
        return Finding("ok", "governor", "not readable, as on most virtual machines")
    if governor == "performance":
        return Finding("ok", "governor", governor)
    return Finding(
        "note",
        "governor",
        str(governor),
        "the core changes its frequency with the load",
        "sudo cpupower frequency-set -g performance",
    )


def check_steal(share: float | None) -> Finding:
    """Say whether the host of a virtual machine took time away during the measurement."""
    if share is None:
        return Finding("ok", "steal time", "not readable here")
    if share <= STOLEN_NOTE:
        return Finding("ok", "steal time", f"{share:.2%}")
    level = "problem" if share > STOLEN_PROBLEM else "note"
    return Finding(
        level,
        "steal time",
        f"{share:.2%}",
        "the host runs other machines on our cores",
        "use a dedicated host or core",
    )


def check_sandbox(sandbox: str | None) -> Finding:
    """Say how players are confined."""
    text = sandbox or "not reported"
    if sandbox and not any(word in sandbox.lower() for word in ("unsandboxed", "none", "off")):
        return Finding("ok", "sandbox", text)
    return Finding(
        "note",
        "sandbox",
        text,
        "the system does not offer what is missing there",
        "use Linux 5.13 or newer with both; until then, read kernels.py before trusting a keep",
    )


def check_versions(machine: dict[str, Any]) -> Finding:
    """Name the versions that a number depends on."""
    names = [name for name in ("python", "numba", "numpy", "system") if name in machine]
    return Finding("ok", "versions", ", ".join(f"{name} {machine[name]}" for name in names) or "not reported")


def check_git(present: bool) -> Finding:
    """Say whether trials can keep anything."""
    if present:
        return Finding("ok", "git", "found")
    return Finding(
        "problem", "git", "not on the PATH", "it is not installed", "install git: lar trial needs it"
    )
