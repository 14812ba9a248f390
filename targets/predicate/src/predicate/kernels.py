"""A filter on a batch, the version under evolution: this is the file that the agent edits.

Today it is the baseline's algorithm. The constructor turns the filter into a plan of steps. One bitmap per
comparison, of 64 rows a word, and one of what is known where there are nulls; loops for equal, less and
greater, the other comparisons negate one of them. BETWEEN is two comparisons, IN of up to three literals a
chain of equalities, a longer one a hash table. AND and OR look at their left side first and may leave the
right one out, or evaluate it on the rows that are left, gathered. Then the ones are counted and their rows
written.

The intrinsics show how to write vector instructions and how to follow addresses; LLVM turns them into what
the CPU has, so they run everywhere. program.md has the API contract and what to try.

Cost: a pass over the column per comparison, some passes over bitmaps per AND and OR, a probe per row of a
long IN, a step per selected row.

Source: lance d2039d750, rust/lance/src/io/exec/filtered_read.rs; DataFusion 50,
physical-expr/src/expressions; arrow-rs 56.1, arrow-ord/src/cmp.rs, arrow-arith/src/boolean.rs,
arrow-select/src/filter.rs.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from predicate import (
    AND,
    BETWEEN,
    EQ,
    FLOAT32,
    FLOAT64,
    GE,
    GT,
    IN,
    INT32,
    INT64,
    IS_NOT_NULL,
    IS_NULL,
    LE,
    LT,
    NE,
    NO_NULLS,
    NOT,
    OR,
    TYPES,
    UINT8,
)

# Steps of a plan beside the opcodes: LESS, GREATER and EQ compare, a CHECK looks at a left side.
LESS, GREATER, NOTHING_IS_KNOWN, CHECK_AND, CHECK_OR = 20, 21, 22, 23, 24
PLAIN = {EQ: (EQ, 0), NE: (EQ, 1), LT: (LESS, 0), GE: (LESS, 1), GT: (GREATER, 0), LE: (GREATER, 1)}
CODE, DTYPE, COLUMN, LITERAL, NEGATED, TABLE, BUCKETS, TARGET, WIDTH = range(9)  # of a step, and their number
HEADER = 3  # numbers in front: of steps, of results pending at most, of columns; then the bytes of each value
COMBINE, PASS, SCATTER = 0, 1, 2  # what an AND or OR has left to do, after the check of its left side

MOST_INLINE = 3  # literals of an IN that becomes a chain
FEW = np.float32(0.2)  # share of true rows up to which an AND gathers them
RUNS = 0.8  # share of selected rows above which they are written run by run
GROUP = 16  # control bytes that a probe looks at
EMPTY = 0xFF
KEYS = 0x243F6A8885A308D3, 0x13198A2E03707344
MULTIPLE = 6364136223846793005
MASK = 2**64 - 1

LANES = 4  # rows in one vector
NONE, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(MASK)
BYTES = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]
WORDS = types.CPointer(types.uint64)  # type: ignore[no-untyped-call]
INT8_T, INT32_T, INT64_T, INT128_T = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.IntType(128)
SYMBOLS = {EQ: "==", LESS: "<", GREATER: ">"}
WIDTHS = ((UINT8, INT8_T), (INT32, INT32_T), (INT64, INT64_T), (FLOAT32, INT32_T), (FLOAT64, INT64_T))
# Floats are equal where their bits are, so a plan says EQ of INT32 and INT64 in their place.
LOOPS = [
    (code, *kind)
    for code in SYMBOLS
    for kind in WIDTHS
    if code != EQ or kind[0] < FLOAT32 or kind[0] == UINT8
]

Integer = Any  # of NumPy: Numba computes with its width and sign, which mypy need not follow
Word = Any  # np.uint64
Pointer = Any


class PredicateKernel:
    """A filter, planned once; see program.md for the arrays that say what it is."""

    def __init__(
        self, dtypes: np.ndarray, nodes: np.ndarray, literals: np.ndarray, literal_nulls: np.ndarray
    ) -> None:
        self.plan = planned(dtypes, nodes, literals, literal_nulls)

    def evaluate(self, buffer: np.ndarray, columns: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (bitmap uint8[ceil(n / 8)], rows uint32[count]): the rows for which the filter is true.

        buffer   uint8[n_bytes]  the columns of the batch
        columns  int64[c, 3]     of each: where its values begin, where its bitmap begins or NO_NULLS, the
                                 number of the bit of row 0 in the bitmap
        n        rows
        """
        bitmap = np.empty((n + 7) // 8, np.uint8)
        rows = np.empty(n, np.uint32)
        return bitmap, rows[: select(self.plan, buffer, columns, n, bitmap, rows)]


def planned(
    dtypes: np.ndarray, nodes: np.ndarray, literals: np.ndarray, literal_nulls: np.ndarray
) -> np.ndarray:
    """Return int64[...]: a header, the steps, and the hash tables that they name by their place."""
    pending: list[list[list[int]]] = []
    tables: list[np.ndarray] = []
    for opcode, column, first, n_literals in nodes.tolist():
        some = [(int(literals[i]), bool(literal_nulls[i])) for i in range(first, first + n_literals)]
        if opcode in (AND, OR):
            right, left = pending.pop(), pending.pop()
            pending.append(joined(opcode, left, right))
        elif opcode == NOT:
            pending[-1] += [step(NOT)]
        elif opcode in PLAIN:
            pending.append(compared(opcode, column, dtypes, some[0]))
        elif opcode == BETWEEN:
            bounds = [compared(GE, column, dtypes, some[0]), compared(LE, column, dtypes, some[1])]
            pending.append(joined(AND, *bounds))
        elif opcode == IN and 0 < n_literals <= MOST_INLINE:
            chain = compared(EQ, column, dtypes, some[0])
            for literal in some[1:]:
                chain = joined(OR, chain, compared(EQ, column, dtypes, literal))
            pending.append(chain)
        elif opcode == IN:
            one = step(IN, int(dtypes[column]), column)
            one[TABLE], one[NEGATED] = len(tables), int(any(null for _, null in some))
            tables.append(hash_table([bits for bits, null in some if not null]))
            one[BUCKETS] = (8 * len(tables[-1]) - GROUP) // 9
            pending.append([one])
        else:
            pending.append([step(opcode, int(dtypes[column]), column)])
    (steps,) = pending
    start = HEADER + len(dtypes) + WIDTH * len(steps)
    depth, deepest = 0, 0
    for one in steps:
        if one[CODE] == IN:
            one[TABLE] = 8 * (start + sum(len(table) for table in tables[: one[TABLE]]))
        depth += {AND: -1, OR: -1, NOT: 0, CHECK_AND: 0, CHECK_OR: 0}.get(one[CODE], 1)
        deepest = max(deepest, depth)
    header = [len(steps), deepest, len(dtypes), *(TYPES[dtype].itemsize for dtype in dtypes.tolist())]
    return np.concatenate([np.array(header), np.array(steps).reshape(-1), *tables])


def step(code: int, dtype: int = 0, column: int = 0) -> list[int]:
    """Return the numbers of one step."""
    return [code, dtype, column, 0, 0, 0, 0, 0]


def compared(opcode: int, column: int, dtypes: np.ndarray, literal: tuple[int, bool]) -> list[list[int]]:
    """Return the steps of a comparison with one literal, given as its bits and whether it is null."""
    bits, is_null = literal
    code, negated = PLAIN[opcode]
    dtype = int(dtypes[column])
    if code == EQ:
        dtype = {FLOAT32: INT32, FLOAT64: INT64}.get(dtype, dtype)
    one = step(NOTHING_IS_KNOWN if is_null else code, dtype, column)
    one[LITERAL], one[NEGATED] = bits - (bits >> 63 << 64), negated
    return [one]


def joined(opcode: int, left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
    """Return the steps of an AND or OR; a check behind the left side may go to the end."""
    check = step(CHECK_AND if opcode == AND else CHECK_OR)
    check[TARGET] = len(right) + 1
    return [*left, check, *right, step(opcode)]


def hash_table(keys: list[int]) -> np.ndarray:
    """Return int64[...]: the keys at their buckets, then one control byte per bucket, the first 16 again.

    As in hashbrown: a bucket's control byte is seven bits of the hash or EMPTY, and a probe compares sixteen
    at once. A table is at most 7/8 full.
    """
    n_buckets = GROUP
    while n_buckets * 7 < len(keys) * 8:
        n_buckets *= 2
    buckets, control = np.zeros(n_buckets, np.uint64), np.full(n_buckets + GROUP, EMPTY, np.uint8)
    for key in dict.fromkeys(keys):
        value = hash_of(key)
        place, stride = value & (n_buckets - 1), 0
        while True:
            free = [i for i in range(place, place + GROUP) if control[i % n_buckets] == EMPTY]
            if free:
                break
            stride += GROUP
            place = (place + stride) & (n_buckets - 1)
        buckets[free[0] % n_buckets], control[free[0] % n_buckets] = key, value >> 57
    control[n_buckets:] = control[:GROUP]
    return np.concatenate([buckets.view(np.int64), control.view(np.int64)])


def hash_of(key: int) -> int:
    """Return the same as `hashed`, in Python's integers."""
    product = (key ^ KEYS[0]) * MULTIPLE
    mixed = (product ^ product >> 64) & MASK
    product = mixed * KEYS[1]
    folded = (product ^ product >> 64) & MASK
    turn = mixed & 63
    return (folded << turn | folded >> (64 - turn)) & MASK


@njit(cache=True)
def select(
    plan: np.ndarray, buffer: np.ndarray, columns: np.ndarray, n: int, bitmap: np.ndarray, rows: np.ndarray
) -> int:
    """Write the bitmap and the rows of one batch; return how many rows there are.

    Each pending result has a bitmap of values and, if it has nulls, one of what is known. Each gathered batch
    is a frame: its columns are in `space`, and `places` says where; frame 0 is the batch itself.
    """
    n_steps, depth, n_columns = plan[0], plan[1], plan[2]
    n_words = (n + 63) // 64
    bitmaps = np.empty(2 * depth * n_words, np.uint64)
    marks = np.empty((4, depth + 1), np.int64)
    places = np.empty((depth + 1, n_columns, 3), np.int64)
    space = np.empty(0, np.uint8)
    n_nulls, left_to_do, n_rows, ends = marks[0], marks[1], marks[2], marks[3]
    for c in range(n_columns):
        for k in range(3):
            places[0, c, k] = columns[c, k]
    n_rows[0], ends[0] = n, 0
    top, open_joins, frame, i = -1, 0, 0, 0
    while i < n_steps:
        at_step = HEADER + n_columns + i * WIDTH
        code, dtype, column = plan[at_step], plan[at_step + DTYPE], plan[at_step + COLUMN]
        m = n_rows[frame]
        source: Any = bytes_of(buffer) if frame == 0 else bytes_of(space)  # type: ignore[call-arg]
        first, bits, bit = places[frame, column, 0], places[frame, column, 1], places[frame, column, 2]
        i += 1
        if code in (CHECK_AND, CHECK_OR):
            task = COMBINE
            ones: Any = behind(words_of(bitmaps), 2 * top * n_words)  # type: ignore[call-arg]
            n_true = n_ones_in(ones, m) if n_nulls[top] == 0 and m > 0 else np.int64(-1)
            if n_true == (0 if code == CHECK_AND else m):
                i += plan[at_step + TARGET]
                continue
            if n_true == (m if code == CHECK_AND else 0):
                task = PASS
                top -= 1
            elif code == CHECK_AND and n_true > 0 and np.float32(n_true) / np.float32(m) <= FEW:
                task = SCATTER
                if space.shape[0] == 0:
                    space = np.empty(space_bytes(plan, n), np.uint8)
                chosen = np.empty(n_true, np.int64)
                indices(ones, m, chosen)
                frame += 1
                n_rows[frame] = n_true
                gathered = bytes_of(space)
                ends[frame] = gather_all(plan, source, places, frame, chosen, gathered, ends[frame - 1])
            left_to_do[open_joins] = task
            open_joins += 1
            continue
        if code in (AND, OR):
            open_joins -= 1
            task = left_to_do[open_joins]
            if task == PASS:
                continue
            top -= 1
        elif code != NOT:
            top += 1
        values: Any = behind(words_of(bitmaps), 2 * top * n_words)  # type: ignore[call-arg]
        known = behind(values, n_words)
        if code in (EQ, LESS, GREATER):
            literal = plan[at_step + LITERAL]
            turned = ALL if plan[at_step + NEGATED] != 0 else NONE
            start = behind(source, first)
            # Not in a function of its own, which would compile all its loops once more.
            compare_whole_words(code, dtype, start, literal, turned, m // 64, values)
            if m % 64 > 0:
                compare_rest(code, dtype, start, literal, turned, m, values)
            n_nulls[top] = validity(source, bits, bit, m, known)
        elif code == NOTHING_IS_KNOWN:
            fill(values, m, NONE)
            fill(known, m, NONE)
            n_nulls[top] = m
        elif code == IN:
            if validity(source, bits, bit, m, known) == 0:
                fill(known, m, ALL)
            table = behind(bytes_of(plan), plan[at_step + TABLE])
            size = plan[at_step + BUCKETS]
            has_null = plan[at_step + NEGATED] != 0
            n_nulls[top] = find(dtype, behind(source, first), table, size, has_null, m, values, known)
        elif code in (IS_NULL, IS_NOT_NULL):
            fill(values, m, ALL)
            validity(source, bits, bit, m, values)
            if code == IS_NULL:
                invert(values, m)
            n_nulls[top] = 0
        elif code == NOT:
            invert(values, m)
        else:
            right, right_known = behind(values, 2 * n_words), behind(values, 3 * n_words)
            if task == COMBINE:
                n_nulls[top] = kleene(
                    code, values, known, n_nulls[top], right, right_known, n_nulls[top + 1], m
                )
            else:
                frame -= 1
                n_nulls[top] = scatter(values, known, n_rows[frame], right, right_known, n_nulls[top + 1], m)
    values = words_of(bitmaps)  # type: ignore[call-arg]
    if n_nulls[0] > 0:
        known = behind(values, n_words)
        for w in range(n_words):
            values[w] &= known[w]
    count = n_ones_in(values, n)
    write_bitmap(values, bitmap)
    write_rows(values, n, count, rows)
    # Uses of the arrays that only pointers know: until here they may not be freed.
    return count + min(space.shape[0], 0) + min(bitmaps.shape[0], 0)


@njit(cache=True)
def compare_rest(
    code: int, dtype: int, source: Pointer, literal: Integer, turned: Word, m: int, words: Pointer
) -> None:
    """Write the bits of the last m % 64 of m comparisons, one by one."""
    limit = in_order(dtype, literal)
    word = NONE
    for i in range(m // 64 * 64, m):
        value = in_order(dtype, bits_of(source, dtype, i))
        is_true = value == limit if code == EQ else value < limit if code == LESS else limit < value
        word |= np.uint64(is_true) << np.uint64(i & 63)
    words[m // 64] = word ^ turned
    cut(words, m)


@njit(cache=True)
def bits_of(source: Pointer, dtype: int, i: int) -> Integer:
    """Return the bits of a value as int64."""
    if dtype == UINT8:
        return np.int64(load(source, i, np.uint8(0)))  # type: ignore[call-arg]
    if dtype in (INT32, FLOAT32):
        return np.int64(load(source, i, np.int32(0)))  # type: ignore[call-arg]
    return load(source, i, np.int64(0))  # type: ignore[call-arg]


@njit(cache=True)
def in_order(dtype: int, bits: Integer) -> Integer:
    """Return an int64 that orders like the value with these bits; floats as in IEEE 754's total order."""
    if dtype in (INT32, FLOAT32):
        bits = np.int64(np.int32(bits))
    if dtype == FLOAT32:
        return bits ^ ((bits >> 31) & np.int64(0x7FFFFFFF))
    if dtype == FLOAT64:
        return bits ^ ((bits >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    return bits


@njit(cache=True)
def validity(source: Pointer, first: int, bit: int, m: int, words: Pointer) -> int:
    """Write the bitmap that begins at bit `bit` of byte `first`, if there is one; return how many nulls."""
    if first == NO_NULLS or m == 0:
        return 0
    start = first + (bit >> 3)
    shift = np.uint64(bit & 7)
    last = first + ((bit + m - 1) >> 3)
    for w in range((m + 63) // 64):
        byte = start + 8 * w
        if byte + 8 <= last:
            word: Any = load_word(behind(source, byte))  # type: ignore[call-arg]
            if shift > NONE:
                word = word >> shift | np.uint64(source[byte + 8]) << (np.uint64(64) - shift)
        else:
            word = NONE
            for k in range(last, byte - 1, -1):
                word = word << np.uint64(8) | np.uint64(source[k])
            word >>= shift
        words[w] = word
    cut(words, m)
    return int(m - n_ones_in(words, m))


@njit(cache=True)
def fill(words: Pointer, m: int, word: Word) -> None:
    """Write `word` for all rows."""
    for w in range((m + 63) // 64):
        words[w] = word
    cut(words, m)


@njit(cache=True)
def invert(words: Pointer, m: int) -> None:
    """Turn every row's bit."""
    for w in range((m + 63) // 64):
        words[w] = ~words[w]
    cut(words, m)


@njit(cache=True)
def cut(words: Pointer, m: int) -> None:
    """Write 0 for the rows of the last word that do not exist."""
    if m % 64 > 0:
        words[m // 64] &= (ONE << np.uint64(m % 64)) - ONE


@njit(cache=True)
def n_ones_in(words: Pointer, m: int) -> Integer:
    """Return how many of m rows have a one."""
    count = np.int64(0)
    for w in range((m + 63) // 64):
        count += n_ones(words[w])  # type: ignore[call-arg]
    return count


@njit(cache=True)
def find(
    dtype: int,
    source: Pointer,
    table: Pointer,
    n_buckets: int,
    has_null: bool,
    m: int,
    words: Pointer,
    valid: Pointer,
) -> int:
    """Write whether each value that is not null is in the table; return how many rows are null then.

    Where the list has a null, a value that is not found is null, too.
    """
    control: Any = behind(table, 8 * n_buckets)  # type: ignore[call-arg]
    mask = np.uint64(n_buckets - 1)
    for w in range((m + 63) // 64):
        known, found = valid[w], NONE
        kept = known
        for b in range(min(64, m - 64 * w)):
            if (known >> np.uint64(b)) & ONE == NONE:
                continue
            key = np.uint64(bits_of(source, dtype, 64 * w + b))
            if dtype in (INT32, FLOAT32):
                key &= np.uint64(0xFFFFFFFF)
            if contains(table, control, mask, key):
                found |= ONE << np.uint64(b)
            elif has_null:
                kept ^= ONE << np.uint64(b)
        words[w], valid[w] = found, kept
    return int(m - n_ones_in(valid, m))


@njit(cache=True)
def contains(table: Pointer, control: Pointer, mask: Word, key: Word) -> bool:
    """Return whether the hash table has the key."""
    value: Any = hashed(key)  # type: ignore[call-arg]
    tag = np.uint8(value >> np.uint64(57))
    place, stride = value & mask, np.uint64(0)
    while True:
        group = behind(control, np.int64(place))
        matches = equal_bytes(group, tag)
        while matches != NONE:
            bucket = (place + np.uint64(lowest_one(matches))) & mask
            if load_word(behind(table, np.int64(bucket << np.uint64(3)))) == key:
                return True
            matches &= matches - ONE
        if equal_bytes(group, np.uint8(EMPTY)) != NONE:
            return False
        stride += np.uint64(GROUP)
        place = (place + stride) & mask


@njit(cache=True)
def kleene(
    code: int,
    left: Pointer,
    left_valid: Pointer,
    left_nulls: int,
    right: Pointer,
    right_valid: Pointer,
    right_nulls: int,
    m: int,
) -> int:
    """Write AND or OR of both sides over the left one; return how many rows are null.

    A row is known where both sides are, or where one is known and decides: false in AND, true in OR.
    """
    turned = ALL if code == AND else NONE
    n_words = (m + 63) // 64
    if left_nulls > 0 and right_nulls > 0:
        for w in range(n_words):
            decided = (left_valid[w] & (left[w] ^ turned)) | (right_valid[w] & (right[w] ^ turned))
            left_valid[w] = (left_valid[w] & right_valid[w]) | decided
    elif left_nulls > 0:
        for w in range(n_words):
            left_valid[w] |= right[w] ^ turned
    elif right_nulls > 0:
        for w in range(n_words):
            left_valid[w] = right_valid[w] | (left[w] ^ turned)
    if code == AND:
        for w in range(n_words):
            left[w] &= right[w]
    else:
        for w in range(n_words):
            left[w] |= right[w]
    if left_nulls == 0 and right_nulls == 0:
        return 0
    cut(left_valid, m)
    return int(m - n_ones_in(left_valid, m))


@njit(cache=True)
def indices(words: Pointer, m: int, chosen: np.ndarray) -> None:
    """Write the rows that have a one."""
    j = 0
    for w in range((m + 63) // 64):
        word = words[w]
        while word != NONE:
            chosen[np.uintp(j)] = 64 * w + lowest_one(word)  # type: ignore[call-arg]
            j += 1
            word &= word - ONE


@njit(cache=True)
def space_bytes(plan: np.ndarray, n: int) -> int:
    """Return what all gathered batches take at most.

    Each has a fifth of the rows of the one before at most, so all have a quarter, and less than a third of n.
    """
    total = 0
    for c in range(plan[2]):
        total += (plan[HEADER + c] + 1) * (n // 3) + 256 * plan[1]
    return total


@njit(cache=True)
def gather_all(
    plan: np.ndarray,
    source: Pointer,
    places: np.ndarray,
    frame: int,
    chosen: np.ndarray,
    space: Pointer,
    end: int,
) -> int:
    """Write the chosen rows of all columns into `space`, from byte `end` on; return where they end."""
    n_chosen = chosen.shape[0]
    for c in range(plan[2]):
        item = plan[HEADER + c]
        first, bits, bit = places[frame - 1, c, 0], places[frame - 1, c, 1], places[frame - 1, c, 2]
        places[frame, c, 0], places[frame, c, 1], places[frame, c, 2] = end, NO_NULLS, 0
        column, target = behind(source, first), behind(space, end)  # type: ignore[call-arg, var-annotated]
        if item == 8:
            for j in range(n_chosen):
                store(target, j, load(column, chosen[j], np.int64(0)))
        elif item == 4:
            for j in range(n_chosen):
                store(target, j, load(column, chosen[j], np.int32(0)))
        else:
            for j in range(n_chosen):
                store(target, j, load(column, chosen[j], np.uint8(0)))
        end += (n_chosen * item + 63) // 64 * 64
        if bits != NO_NULLS:
            n_valid = gather_bits(behind(source, bits), bit, chosen, behind(space, end))
            if n_valid < n_chosen:
                places[frame, c, 1] = end
            end += (n_chosen + 511) // 512 * 64
    return end


@njit(cache=True)
def gather_bits(source: Pointer, bit: int, chosen: np.ndarray, target: Pointer) -> Integer:
    """Write the bits of the chosen rows, eight a byte; return how many are ones."""
    n_valid = np.int64(0)
    for j in range(0, chosen.shape[0], 8):
        byte = np.uint8(0)
        for k in range(min(8, chosen.shape[0] - j)):
            place = bit + chosen[j + k]
            one = (source[place >> 3] >> (place & 7)) & 1
            byte |= np.uint8(one << k)
            n_valid += one
        target[j >> 3] = byte
    return n_valid


@njit(cache=True)
def scatter(
    left: Pointer,
    left_valid: Pointer,
    m: int,
    right: Pointer,
    right_valid: Pointer,
    right_nulls: int,
    m_right: int,
) -> int:
    """Put the answers for the true rows of the left side in their places, over it; return how many nulls."""
    n_true = np.int64(0)
    for w in range((m_right + 63) // 64):
        n_true += n_ones(right[w] & right_valid[w] if right_nulls > 0 else right[w])  # type: ignore[call-arg]
    if n_true == m_right:
        return 0
    if n_true == 0 and right_nulls == 0:
        fill(left, m, NONE)
        return 0
    j = 0
    for w in range((m + 63) // 64):
        word, kept, known = left[w], NONE, ALL
        while word != NONE:
            lowest = word & (~word + ONE)
            from_word, from_bit = np.uintp(j >> 6), np.uint64(j & 63)
            if right_nulls > 0 and (right_valid[from_word] >> from_bit) & ONE == NONE:
                known ^= lowest
            elif (right[from_word] >> from_bit) & ONE != NONE:
                kept |= lowest
            j += 1
            word ^= lowest
        left[w], left_valid[w] = kept, known
    return right_nulls


@njit(cache=True)
def write_bitmap(words: Pointer, bitmap: np.ndarray) -> None:
    """Write the words, low bytes first."""
    whole = bitmap.shape[0] // 8
    for w in range(whole):
        store(bytes_of(bitmap), w, words[w])  # type: ignore[call-arg]
    for byte in range(8 * whole, bitmap.shape[0]):
        bitmap[byte] = np.uint8(words[whole] >> np.uint64(8 * (byte - 8 * whole)))


@njit(cache=True)
def write_rows(words: Pointer, n: int, count: int, rows: np.ndarray) -> None:
    """Write the rows that have a one: all of them, run by run where they are many, or one by one."""
    if count == n:
        for i in range(n):
            rows[i] = i
    elif np.float64(count) / np.float64(n) > RUNS:
        j, start, end = 0, 0, 0  # the run that is open has the rows from `start` to `end`
        for w in range((n + 63) // 64):
            word, base = words[w], 64 * w
            while word != NONE:
                low: Any = lowest_one(word)  # type: ignore[call-arg]
                rest = ~(word >> np.uint64(low))
                length = lowest_one(rest) if rest != NONE else 64
                if base + low != end:
                    for row in range(start, end):
                        rows[np.uintp(j + row - start)] = row
                    j += end - start
                    start = base + low
                end = base + low + length
                word = word & (ALL << np.uint64(low + length)) if low + length < 64 else NONE
        for row in range(start, end):
            rows[np.uintp(j + row - start)] = row
    else:
        indices(words, n, rows)


@intrinsic
def bytes_of(typing_context: Any, array: Any) -> Any:
    """Return the address of the first byte of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.bitcast(view.data, INT8_T.as_pointer())

    return BYTES(array), generate


@intrinsic
def words_of(typing_context: Any, array: Any) -> Any:
    """Return the address of the first word of an array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.bitcast(view.data, INT64_T.as_pointer())

    return WORDS(array), generate


@intrinsic
def behind(typing_context: Any, source: Any, n_items: Any) -> Any:
    """Return the address `n_items` items behind another; nothing is checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return source(source, types.intp), generate


@intrinsic
def load(typing_context: Any, source: Any, i: Any, like: Any) -> Any:
    """Return value `i` of those at an address, which are of the type of `like`, aligned or not."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.args[2])
        values = builder.bitcast(arguments[0], kind.as_pointer())
        return builder.load(builder.gep(values, [arguments[1]]), align=1)

    return like(source, types.intp, like), generate


@intrinsic
def store(typing_context: Any, target: Any, i: Any, value: Any) -> Any:
    """Write value `i` of those at an address, aligned or not."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.args[2])
        values = builder.bitcast(arguments[0], kind.as_pointer())
        builder.store(arguments[2], builder.gep(values, [arguments[1]]), align=1)
        return context.get_dummy_value()

    return types.none(target, types.intp, value), generate


@intrinsic
def load_word(typing_context: Any, source: Any) -> Any:
    """Return the eight bytes at an address, aligned or not."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(builder.bitcast(arguments[0], INT64_T.as_pointer()), align=1)

    return types.uint64(source), generate


@intrinsic
def n_ones(typing_context: Any, word: Any) -> Any:
    """Return how many bits are set, as int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(word), generate


@intrinsic
def lowest_one(typing_context: Any, word: Any) -> Any:
    """Return the number of the lowest bit that is set, as int64; there must be one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(word), generate


@intrinsic
def hashed(typing_context: Any, key: Any) -> Any:
    """Return the hash of a key: two products of 128 bits, each folded to 64, then a rotation by the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def folded(left: Any, right: int) -> Any:
            factors = builder.zext(left, INT128_T), ir.Constant(INT128_T, right)
            product = builder.mul(*factors)
            high = builder.lshr(product, ir.Constant(INT128_T, 64))
            return builder.trunc(builder.xor(product, high), INT64_T)

        mixed = folded(builder.xor(arguments[0], ir.Constant(INT64_T, KEYS[0])), MULTIPLE)
        turn = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(INT64_T, [INT64_T] * 3), "llvm.fshl.i64"
        )
        last = folded(mixed, KEYS[1])
        return builder.call(turn, [last, last, mixed])

    return types.uint64(key), generate


@intrinsic
def equal_bytes(typing_context: Any, source: Any, byte: Any) -> Any:
    """Return a word whose bit i says whether byte i of the sixteen at an address is `byte`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(INT8_T, GROUP)
        group = builder.load(builder.bitcast(arguments[0], vector.as_pointer()), align=1)
        equal = builder.icmp_unsigned("==", group, spread(builder, arguments[1], vector))
        return builder.zext(builder.bitcast(equal, ir.IntType(GROUP)), INT64_T)

    return types.uint64(source, types.uint8), generate


@intrinsic
def compare_whole_words(
    typing_context: Any,
    code: Any,
    dtype: Any,
    source: Any,
    literal: Any,
    turned: Any,
    n_words: Any,
    words: Any,
) -> Any:
    """Write `n_words` words of 64 comparisons each, exclusive or `turned`; a loop per type and comparison."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code, dtype, source, literal, turned, n_words, words = arguments
        for of_code, of_dtype, kind in LOOPS:
            is_it = [
                builder.icmp_signed("==", code, ir.Constant(INT64_T, of_code)),
                builder.icmp_signed("==", dtype, ir.Constant(INT64_T, of_dtype)),
            ]
            with builder.if_then(builder.and_(*is_it)):
                limit = literal if kind.width == 64 else builder.trunc(literal, kind)
                values = builder.bitcast(source, kind.as_pointer())
                with cgutils.for_range(builder, n_words) as loop:
                    first = builder.gep(values, [builder.mul(loop.index, ir.Constant(INT64_T, 64))])
                    word = word_of(builder, first, limit, kind, SYMBOLS[of_code], of_dtype)
                    builder.store(builder.xor(word, turned), builder.gep(words, [loop.index]))
        return context.get_dummy_value()

    arguments = (types.int64, types.int64, source, types.int64, types.uint64, types.intp, words)
    return types.none(*arguments), generate


def word_of(builder: Any, first: Any, limit: Any, kind: Any, symbol: str, dtype: int) -> Any:
    """Return one word: 64 values compared with the limit, in vectors of four that become int64 each."""
    vector, wide = ir.VectorType(kind, LANES), ir.VectorType(INT64_T, LANES)
    is_float = dtype in (FLOAT32, FLOAT64)
    compared = builder.icmp_unsigned if dtype == UINT8 else builder.icmp_signed
    limits = spread(builder, limit, vector)
    if is_float:
        limits = totally_ordered(builder, limits, vector)
    parts = []
    for place in range(0, 64, LANES):
        here = builder.gep(first, [ir.Constant(INT64_T, place)])
        values = builder.load(builder.bitcast(here, vector.as_pointer()), align=1)
        if is_float:
            values = totally_ordered(builder, values, vector)
        ones = builder.sext(compared(symbol, values, limits), wide)
        parts.append(builder.and_(ones, ir.Constant(wide, [1 << (place + i) for i in range(LANES)])))
    while len(parts) > 1:
        parts = [builder.or_(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
    reduce = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, ir.FunctionType(INT64_T, [wide]), "llvm.vector.reduce.or.v4i64"
    )
    return builder.call(reduce, parts)


def totally_ordered(builder: Any, values: Any, vector: Any) -> Any:
    """Return signed integers that order like the floats with these bits."""
    sign = ir.Constant(vector, [vector.element.width - 1] * vector.count)
    one = ir.Constant(vector, [1] * vector.count)
    return builder.xor(values, builder.lshr(builder.ashr(values, sign), one))


def spread(builder: Any, value: Any, vector: Any) -> Any:
    """Return a vector of one value."""
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(INT32_T, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INT32_T, vector.count), None))
