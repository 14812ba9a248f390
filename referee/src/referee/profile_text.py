"""A profile as plain text of at most 2,048 bytes, so that a loop can put it into every prompt."""

from collections.abc import Mapping
from typing import Any

from referee.assembly import hottest_lines

MOST_BYTES = 2048
COMBOS_BYTES = 900  # the loop needs the rest
NAME_LENGTH = 28
MOST_FUNCTIONS = 6


def text(found: Mapping[str, Any]) -> str:
    """Return what `profile.take_profile` found, for people and agents to read, in ASCII."""
    if found["verdict"] is not None:
        return in_ascii(f"---\nverdict: {found['verdict']}\nreason:  {found['reason']}")[:MOST_BYTES]
    head = [
        f"{short(found['target'])}: {found['geomean_ns_per_op']:,.0f} ns/op (geomean), "
        f"{found['ratio']:.2f} of the baseline's time; one block, so indicative; "
        f"took {found['total_seconds']:.0f} s",
        *combo_lines(found["combos"], COMBOS_BYTES),
        bytes_line(found["combos"]),
        functions_line(found),
        *unlisted_lines(found["unlisted"]),
        counters_line(found),
    ]
    left_bytes = MOST_BYTES - len(in_ascii("\n".join(head))) - 1
    return in_ascii("\n".join([*head, *loop_lines(found["hot_loop"], left_bytes)]))


def combo_lines(combos: Mapping[str, Mapping[str, float]], most_bytes: int) -> list[str]:
    """Return a table of all combos, or of as many of the slowest as fit, and how many are left out."""
    rows = [
        f"{short(combo):<{NAME_LENGTH}}{one['ns_per_op']:>11,.0f}{one['ratio']:>9.2f}"
        f"{one['least_gb_per_s']:>9.3g}{one['of_copy_pace']:>9.1%}"
        for combo, one in combos.items()
    ]
    names = ("combo", "ns/op", "of base", "GB/s", "of copy")
    head = f"{names[0]:<{NAME_LENGTH}}{names[1]:>11}" + "".join(f"{name:>9}" for name in names[2:])
    slowest = sorted(range(len(rows)), key=lambda at: -list(combos.values())[at]["ns_per_op"])
    width = max(map(len, [head, *rows])) + 1
    room = most_bytes // width - 2
    if len(rows) <= room + 1:
        return [head, *rows]
    return [head, *(rows[at] for at in slowest[:room]), f"({len(rows) - room} faster combos left out)"]


def bytes_line(combos: Mapping[str, Mapping[str, float]]) -> str:
    """Return what the two columns about bytes are."""
    paces = [one["copy_gb_per_s"] for one in combos.values()]
    fastest, slowest = f"{max(paces, default=0):.0f}", f"{min(paces, default=0):.0f}"
    pace = fastest if fastest == slowest else f"{slowest} to {fastest}"
    return (
        f"GB/s: a lower bound, so a low one does not mean that memory is no limit; copy: memcpy's {pace} GB/s"
    )


def unlisted_lines(shares: Mapping[str, float]) -> list[str]:
    """Return a line about the functions that may hold a hotter loop than the one shown, if there are some."""
    words = [f"{short(name)} ({percent(share)})" for name, share in list(shares.items())[:MOST_FUNCTIONS]]
    return [f"no listing, so maybe a hotter loop: {', '.join(words)}"] if words else []


def functions_line(found: Mapping[str, Any]) -> str:
    """Return where time goes, by function; what takes less than half a per cent is not worth a word."""
    if not found["sampled"]:
        return "time: cannot be sampled on this system"
    shares = [
        f"{percent(share)} {short(name)}"
        for name, share in list(found["functions"].items())[:MOST_FUNCTIONS]
        if share > 0.005
    ]
    return f"time: {', '.join(shares)} (mean over combos, {found['samples']:,} samples)"


def counters_line(found: Mapping[str, Any]) -> str:
    """Return the processor's counters per op, and what is missing of them."""
    per_op = found["counters_per_op"]
    words = [f"{short(name)} {count:,.0f}" for name, count in per_op.items()]
    if per_op.get("cycles") and "instructions" in per_op:
        words.append(f"{per_op['instructions'] / per_op['cycles']:.2f} instructions per cycle")
    missing = f"not counted: {found['counters_missing']}" if found["counters_missing"] else ""
    return "per op: " + "; ".join(part for part in (", ".join(words), missing) if part)


def loop_lines(loop: Mapping[str, Any] | None, most_bytes: int) -> list[str]:
    """Return what the hot loop is and as many of its lines as fit: those in which most time is spent."""
    if loop is None:
        return ["hot loop: none seen in a compiled function"]
    place = f"{loop['share']:.0%} of all time" if loop["share"] else "chosen by its instructions, not by time"
    kind = f"vectors of {loop['vector_bits']} bits" if loop["vector_bits"] else "no vectors"
    head = [
        f"hot loop: in {short(loop['function'])}, {place}; {kind}",
        f"{loop['n_instructions']} instructions: {loop['n_vector']} vector ({loop['n_inserts']} fill single "
        f"lanes), {loop['n_gathers']} gathers, {loop['n_scalar_float']} scalar float, "
        f"{loop['n_calls']} calls, {loop['n_stack']} on the stack; % of the loop's time:",
    ]
    whole = loop["share"] or 1.0
    for most in range(len(loop["lines"]), -1, -1):
        begin, end = hottest_lines([share for share, _ in loop["lines"]], most)
        shown = [f"{percent(share / whole):>4} {line}" for share, line in loop["lines"][begin:end]]
        left_out = loop["lines_left_out"] + len(loop["lines"]) - most
        tail = [f"({left_out} lines of the loop left out)"] if left_out else []
        if len(in_ascii("\n".join([*head, *shown, *tail]))) <= most_bytes:
            return [*head, *shown, *tail]
    return []


def percent(share: float) -> str:
    """Return a share in per cent; of less than one half, nothing, so that the eye finds the others."""
    return f"{share:.0%}" if share > 0.005 else ""


def short(name: str) -> str:
    """Return `name` in at most NAME_LENGTH characters; of a long one the ends tell most."""
    half = NAME_LENGTH // 2 - 1
    return name if len(name) <= NAME_LENGTH else f"{name[:half]}..{name[-half:]}"


def in_ascii(shown: str) -> str:
    return shown.encode("ascii", "replace").decode()
