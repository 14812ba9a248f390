"""Strings to encode: web addresses, comments, short names, text in two scripts, and bytes without a pattern.

Words are picked by SplitMix64 from lists that stand here, so that nothing depends on a file.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from harness_common.prng import SplitMix64

ADVERBS = (
    *("slyly", "quickly", "carefully", "furiously", "blithely", "evenly", "boldly", "silently"),
    *("daringly", "ruthlessly"),
)
ADJECTIVES = (
    *("final", "ironic", "regular", "special", "pending", "express", "even", "bold", "silent"),
    *("unusual", "close", "idle", "dogged"),
)
NOUNS = (
    *("deposits", "accounts", "packages", "requests", "instructions", "theodolites", "pinto"),
    *("beans", "foxes", "ideas", "platelets", "asymptotes", "dependencies", "excuses", "courts"),
    *("dolphins", "multipliers", "warthogs", "frets", "dugouts", "pearls", "sheaves", "realms"),
)
VERBS = (
    *("sleep", "haggle", "nag", "use", "wake", "cajole", "detect", "integrate", "boost", "engage"),
    *("affix", "doze", "run", "lose", "solve", "thrash"),
)
JOINTS = (
    *("about the ", "above the ", "according to the ", "across the "),
    *("after the ", "along the ", "are. ", ""),
)
TOPICS = (
    *("news", "sport", "music", "travel", "health", "science", "history", "garden", "kitchen"),
    *("market", "weather", "culture", "school", "finance", "review", "archive", "gallery"),
    *("council", "library", "station", "museum"),
)
ENDINGS = ("com", "org", "net", "co.uk", "de", "io")
SYLLABLES = [a + b for a, b in product("bcdfghjklmnprstvz", "aeiou")]
LETTERS = "абвгдежзиклмнопрстуфхцчшыэюя"  # two bytes each in UTF-8

Strings = tuple[np.ndarray, np.ndarray]


def draw(stream: SplitMix64, distribution: str, n: int) -> Strings:
    """Return n strings of a distribution as (data uint8[total], offsets int64[n + 1])."""
    return {"urls": urls, "comments": comments, "short": short, "drifted": drifted, "literal": literal}[
        distribution
    ](stream, n)


def urls(stream: SplitMix64, n: int) -> Strings:
    """Long symbols and few codes a string, as in logs: closes work per code that should be per byte."""
    hosts = [f"https://www.{a}{b}.{c}/" for a, b, c in product(TOPICS[:12], NOUNS[:8], ENDINGS)]
    paths = [f"{a}/{b}-" for a, b in product(TOPICS, ADJECTIVES)]
    ends = [f"{a}-{b}" for a, b in product(NOUNS, VERBS)]
    numbers = [f"/{number}" for number in range(10_000, 90_000, 13)]
    return from_words(stream, n, [hosts, paths, ends, numbers, ("", ".html", "?page=2", "/index.php")])


def comments(stream: SplitMix64, n: int) -> Strings:
    """Sentences cut anywhere, two to three bytes a code: the usual case.

    The words are those of TPC-H's comments; their cut is drawn, so strings end in the middle of symbols.
    """
    slots = [ADVERBS, ADJECTIVES, NOUNS, VERBS, JOINTS, ADJECTIVES, NOUNS]
    data, offsets = from_words(
        stream, n, [[f"{word} ".replace("  ", " ") for word in slot] for slot in slots]
    )
    starts = stream.integers(0, 20, n)
    lengths = stream.integers(10, 44, n)
    full = np.diff(offsets)
    starts = np.minimum(starts, full)
    lengths = np.minimum(lengths, full - starts)
    return cut(data, offsets[:-1] + starts, lengths)


def short(stream: SplitMix64, n: int) -> Strings:
    """Names of three to ten letters, one to four codes: closes work that is done once a string."""
    return from_words(
        stream, n, [SYLLABLES, SYLLABLES, ["n", "r", "s", "x", "l"], ["", *SYLLABLES], ["", "", *"123456789"]]
    )


def drifted(stream: SplitMix64, n: int) -> Strings:
    """Comments with words of another script, which the table has never seen: one code in three is an escape.

    Closes fast paths that an escape ends, and counting on ones that are rare or regular.
    """
    foreign = [
        "".join(LETTERS[i] for i in stream.integers(0, len(LETTERS), 1 + k % 6)) + " " for k in range(500)
    ]
    mixed = ["", "", "", *foreign]
    words = [f"{word} " for word in (*NOUNS, *VERBS)]
    return from_words(stream, n, [words, words, mixed, words, ["", "", *foreign], words, words])


def literal(stream: SplitMix64, n: int) -> Strings:
    """Bytes without a pattern, five to forty: none has a code. Closes work that counts on symbols."""
    lengths = stream.integers(5, 41, n)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return (stream.uint64(int(offsets[-1])) >> 56).astype(np.uint8), offsets


def from_words(stream: SplitMix64, n: int, slots: Sequence[Sequence[str]]) -> Strings:
    """Return n strings, each a word of every slot; the first words of a slot come more often.

    A word's number is the product of two uniform numbers times how many there are.
    """
    words = [word.encode() for slot in slots for word in slot]
    first = np.cumsum([0, *map(len, slots)])[:-1]
    sizes = np.array(list(map(len, slots)), np.float64)
    skewed = stream.floats((n, len(slots))) * stream.floats((n, len(slots)))
    picked = first + (skewed * sizes).astype(np.int64)
    lengths = np.array(list(map(len, words)), np.int64)[picked].sum(axis=1)
    data = b"".join(map(words.__getitem__, picked.reshape(-1).tolist()))
    return np.frombuffer(data, np.uint8), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def cut(data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> Strings:
    """Return the strings data[starts[i]:starts[i] + lengths[i]], end to end."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    at = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    return data[at], offsets
