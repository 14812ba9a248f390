"""A right and fast kernel: what a good agent might write, to see that the gate lets it pass.

The filter is evaluated in chunks of 4,096 rows, so that all bitmaps stay in the nearest cache. Every
comparison is one test of an interval, x + a > b in signed vectors, whose answers are moved to a word as they
are. Short lists are compared value by value; longer ones are a bitmap where the literals lie close together,
else a table with so few collisions that a fixed number of probes, without a branch, finds everything. What no
row needs any more is skipped chunk by chunk. Rows are written eight at a time from a table of all bytes.
"""

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
    IS_NOT_NULL,
    IS_NULL,
    LE,
    LT,
    NE,
    NO_NULLS,
    NOT,
    TYPES,
    UINT8,
)

INTERVAL, CONSTANT, BITS, TABLE, UNKNOWN, VALID, CHECK_AND, CHECK_OR = range(20, 28)
WIDTH = 8  # numbers of a step: code, dtype, column, a, b, turned, place, how many
CHUNK = 64  # words
SHORT = 4  # literals of a list that are compared one by one
DENSE = 1 << 19  # bits of a bitmap, at most
NONE, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(2**64 - 1)
BYTES, WORDS = types.CPointer(types.uint8), types.CPointer(types.uint64)
INT8, INT32_T, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
KINDS = ((UINT8, INT8), (INT32, INT32_T), (1, INT64), (FLOAT32, INT32_T), (FLOAT64, INT64))
PLACES = np.array(
    [[i for i in range(8) if byte >> i & 1] + [0] * (8 - byte.bit_count()) for byte in range(256)]
)
PLACES = PLACES.astype(np.uint8).reshape(-1)


class PredicateKernel:
    def __init__(self, dtypes, nodes, literals, literal_nulls):
        self.plan = planned(dtypes, nodes, literals, literal_nulls)

    def evaluate(self, buffer, columns, n):
        bitmap = np.empty((n + 7) // 8, np.uint8)
        rows = np.empty(n + 8, np.uint32)
        return bitmap, rows[: select(self.plan, buffer, columns, n, bitmap, rows)]


def planned(dtypes, nodes, literals, literal_nulls):
    pending, tables = [], []
    for opcode, column, first, n_literals in nodes.tolist():
        some = range(first, first + n_literals)
        if opcode >= AND:
            if opcode == NOT:
                pending[-1] += [step(NOT)]
                continue
            right, left = pending.pop(), pending.pop()
            check = step(CHECK_AND if opcode == AND else CHECK_OR)
            check[7] = len(right) + 1
            pending.append([*left, check, *right, step(opcode)])
            continue
        dtype = int(dtypes[column])
        keys = [None if literal_nulls[i] else key(int(literals[i]), dtype) for i in some]
        if opcode == IN:
            pending.append(listed(dtype, column, keys, tables))
        elif opcode in (IS_NULL, IS_NOT_NULL):
            pending.append([step(VALID, dtype, column, turned=int(opcode == IS_NULL))])
        elif opcode == BETWEEN and None in keys:
            parts = [compared(code, dtype, column, one) for code, one in zip((GE, LE), keys, strict=True)]
            pending.append([*parts[0], step(28), *parts[1], step(AND)])
        elif opcode == BETWEEN:
            pending.append(interval(dtype, column, *keys, 0))
        else:
            pending.append(compared(opcode, dtype, column, keys[0]))
    (steps,) = pending
    start = 8 * (2 + WIDTH * len(steps))
    for one in steps:
        if one[0] in (BITS, TABLE):
            one[6] = start + 8 * sum(len(table) for table in tables[: one[6]])
    depth = 2 + sum(one[0] not in (AND, NOT, CHECK_AND, CHECK_OR, 28) for one in steps)
    return np.concatenate([np.array([len(steps), depth]), np.array(steps).reshape(-1), *tables])


def step(code, dtype=0, column=0, a=0, b=0, turned=0):
    return [code, dtype, column, a, b, turned, 0, 0]


def key(bits, dtype):
    width = 8 * TYPES[dtype].itemsize
    if bits >> (width - 1) and dtype != UINT8:
        bits -= 1 << width
        if dtype in (FLOAT32, FLOAT64):
            bits ^= (1 << (width - 1)) - 1
    return bits


def compared(opcode, dtype, column, one):
    if one is None:
        return [step(UNKNOWN, dtype, column)]
    low, high = ends(dtype)
    bounds = {EQ: (one, one), NE: (one, one), LT: (low, one - 1), GE: (low, one - 1)}
    bounds |= {GT: (one + 1, high), LE: (one + 1, high)}
    return interval(dtype, column, *bounds[opcode], int(opcode in (NE, GE, LE)))


def ends(dtype):
    width = 8 * TYPES[dtype].itemsize
    return (0, 255) if dtype == UINT8 else (-(1 << (width - 1)), (1 << (width - 1)) - 1)


def interval(dtype, column, low, high, turned):
    if low > high:
        return [step(CONSTANT, dtype, column, turned=turned)]
    width = 8 * TYPES[dtype].itemsize
    half = 1 << (width - 1)
    a = signed((half - low) % (2 * half), width)
    b = signed((high - low) ^ half, width)
    return [step(INTERVAL, dtype, column, a, b, 1 - turned)]


def signed(bits, width):
    bits %= 1 << width
    return bits - (1 << width) if bits >> (width - 1) else bits


def listed(dtype, column, keys, tables):
    known = sorted({one for one in keys if one is not None})
    has_null = None in keys
    if len(known) <= SHORT:
        steps = interval(dtype, column, known[0], known[0], 0) if known else [step(CONSTANT, dtype, column)]
        for one in known[1:]:
            steps = [*steps, step(28), *interval(dtype, column, one, one, 0), step(11)]
        return [*steps, step(28), step(UNKNOWN, dtype, column), step(11)] if has_null else steps
    low, span = known[0], known[-1] - known[0]
    if span < DENSE:
        bits = np.zeros(span // 64 + 1, np.uint64)
        for one in known:
            bits[(one - low) // 64] |= np.uint64(1 << (one - low) % 64)
        one = step(BITS, dtype, column, low, span)
        table = bits.view(np.int64)
    else:
        table, shift, multiplier, n_probes = hash_table(known)
        one = step(TABLE, dtype, column, shift, signed(multiplier, 64))
        one[7] = n_probes
    one[6], one[5] = len(tables), int(has_null)
    tables.append(table)
    return [one]


def hash_table(known):
    size = 8
    while size < 8 * len(known):
        size *= 2
    shift, best = 64 - size.bit_length() + 1, None
    for turn in range(8):
        multiplier = (0x9E3779B97F4A7C15 * (2 * turn + 1)) % 2**64
        table, used, n_probes = [known[0]] * (size + 64), set(), 1
        for one in known:
            place = (one * multiplier) % 2**64 >> shift
            probe = 1
            while place in used:
                place, probe = place + 1, probe + 1
            if place >= size + 64:
                break
            used.add(place)
            table[place] = one
            n_probes = max(n_probes, probe)
        else:
            if best is None or n_probes < best[3]:
                best = np.array(table, np.int64), shift, multiplier, n_probes
    return best


@njit(cache=True)
def select(plan, buffer, columns, n, bitmap, rows):
    n_steps, depth = plan[0], plan[1]
    room = np.empty((depth, 2, CHUNK), np.uint64)
    source = bytes_of(buffer)
    count = 0
    for start in range(0, n, 64 * CHUNK):
        m = min(64 * CHUNK, n - start)
        n_words = (m + 63) // 64
        top, i = -1, 0
        while i < n_steps:
            at = 2 + i * WIDTH
            i += 1
            code, dtype, column, turned = plan[at], plan[at + 1], plan[at + 2], ALL * np.uint64(plan[at + 5])
            if code == 28:
                continue
            if code in (CHECK_AND, CHECK_OR):
                true, known = (
                    behind(words_of(room), 2 * CHUNK * top),
                    behind(words_of(room), 2 * CHUNK * top + CHUNK),
                )
                is_open = NONE
                for w in range(n_words):
                    is_open |= (true[w] if code == CHECK_AND else ~true[w]) | ~known[w]
                if is_open == NONE:
                    i += plan[at + 7]
                continue
            if code == NOT:
                true = behind(words_of(room), 2 * CHUNK * top)
                for w in range(n_words):
                    true[w] = ~true[w]
                continue
            top += -1 if code == AND or code == 11 else 1
            true = behind(words_of(room), 2 * CHUNK * top)
            known = behind(true, CHUNK)
            if code in (AND, 11):
                other, other_known = behind(true, 2 * CHUNK), behind(true, 3 * CHUNK)
                flip = ALL if code == AND else NONE
                for w in range(n_words):
                    decided = (known[w] & (true[w] ^ flip)) | (other_known[w] & (other[w] ^ flip))
                    known[w] = (known[w] & other_known[w]) | decided
                    true[w] = true[w] & other[w] if code == AND else true[w] | other[w]
                continue
            first = columns[column, 0] + start * item_bytes(dtype)
            validity(source, columns[column, 1], columns[column, 2] + start, m, known)
            if code == VALID:
                for w in range(n_words):
                    true[w], known[w] = known[w] ^ turned, ALL
            elif code in (UNKNOWN, CONSTANT):
                for w in range(n_words):
                    true[w] = turned
                    if code == UNKNOWN:
                        known[w] = NONE
            elif code == INTERVAL:
                test(dtype, behind(source, first), plan[at + 3], plan[at + 4], turned, m, true)
            else:
                table = words_of_bytes(behind(bytes_of(plan), plan[at + 6]))
                for w in range(n_words):
                    word = NONE
                    for b in range(min(64, m - 64 * w)):
                        value = in_order(dtype, bits_of(behind(source, first), dtype, 64 * w + b))
                        if code == BITS:
                            off = np.uint64(value - plan[at + 3])
                            near = min(off, np.uint64(plan[at + 4]))
                            hit = (
                                (table[near >> np.uint64(6)] >> (near & np.uint64(63)))
                                & ONE
                                & np.uint64(off == near)
                            )
                        else:
                            place = (np.uint64(value) * np.uint64(plan[at + 4])) >> np.uint64(plan[at + 3])
                            hit = NONE
                            for probe in range(plan[at + 7]):
                                hit |= np.uint64(table[place + np.uint64(probe)] == np.uint64(value))
                        word |= hit << np.uint64(b)
                    true[w] = word
                    if turned != NONE:
                        known[w] &= word
        true, known = words_of(room), behind(words_of(room), CHUNK)
        for w in range(n_words):
            word = true[w] & known[w]
            if m - 64 * w < 64:
                word &= (ONE << np.uint64(m - 64 * w)) - ONE
            true[w] = word
            base = start + 64 * w
            if word == ALL:
                for j in range(64):
                    rows[np.uintp(count + j)] = base + j
                count += 64
                continue
            while word != NONE:
                byte = word & np.uint64(255)
                write_eight(rows, count, base, PLACES, byte)
                count += n_ones(byte)
                base += 8
                word >>= np.uint64(8)
        n_bytes = (m + 7) // 8
        for w in range(n_bytes // 8):
            store_word(behind(bytes_of(bitmap), start // 8 + 8 * w), true[w])
        for byte in range(n_bytes // 8 * 8, n_bytes):
            bitmap[start // 8 + byte] = np.uint8(true[byte >> 3] >> np.uint64(8 * (byte & 7)))
    return count + min(room.shape[0], 0)


@njit(cache=True)
def item_bytes(dtype):
    return 1 if dtype == UINT8 else 4 if dtype in (INT32, FLOAT32) else 8


@njit(cache=True)
def bits_of(source, dtype, i):
    if dtype == UINT8:
        return np.int64(load(source, i, np.uint8(0)))
    if dtype in (INT32, FLOAT32):
        return np.int64(load(source, i, np.int32(0)))
    return load(source, i, np.int64(0))


@njit(cache=True)
def in_order(dtype, bits):
    if dtype == FLOAT32:
        return bits ^ ((bits >> 31) & np.int64(0x7FFFFFFF))
    if dtype == FLOAT64:
        return bits ^ ((bits >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    return bits


@njit(cache=True)
def test(dtype, source, a, b, turned, m, words):
    test_whole_words(dtype, source, a, b, turned, m // 64, words)
    if m % 64 > 0:
        word = NONE
        for i in range(m // 64 * 64, m):
            moved = in_order(dtype, bits_of(source, dtype, i)) + a
            if dtype == UINT8:
                moved = np.int64(np.int8(moved))
            elif dtype in (INT32, FLOAT32):
                moved = np.int64(np.int32(moved))
            word |= np.uint64(moved > b) << np.uint64(i & 63)
        words[m // 64] = word ^ turned


@njit(cache=True)
def validity(source, first, bit, m, words):
    if first == NO_NULLS:
        for w in range((m + 63) // 64):
            words[w] = ALL
        return
    start, shift = first + (bit >> 3), np.uint64(bit & 7)
    last = first + ((bit + m - 1) >> 3)
    for w in range((m + 63) // 64):
        byte = start + 8 * w
        if byte + 8 <= last:
            high = np.uint64(source[byte + 8])
            words[w] = load_word(behind(source, byte)) >> shift | (high << ONE) << (np.uint64(63) - shift)
        else:
            word = NONE
            for k in range(last, byte - 1, -1):
                word = word << np.uint64(8) | np.uint64(source[k])
            words[w] = word >> shift


@intrinsic
def bytes_of(typing_context, array):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.bitcast(view.data, INT8.as_pointer())

    return BYTES(array), generate


@intrinsic
def words_of(typing_context, array):
    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.bitcast(view.data, INT64.as_pointer())

    return WORDS(array), generate


@intrinsic
def words_of_bytes(typing_context, source):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], INT64.as_pointer())

    return WORDS(source), generate


@intrinsic
def behind(typing_context, source, n_items):
    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return source(source, types.intp), generate


@intrinsic
def load(typing_context, source, i, like):
    def generate(context, builder, signature, arguments):
        kind = context.get_value_type(signature.args[2])
        return builder.load(
            builder.gep(builder.bitcast(arguments[0], kind.as_pointer()), [arguments[1]]), align=1
        )

    return like(source, types.intp, like), generate


@intrinsic
def load_word(typing_context, source):
    def generate(context, builder, signature, arguments):
        return builder.load(builder.bitcast(arguments[0], INT64.as_pointer()), align=1)

    return types.uint64(source), generate


@intrinsic
def store_word(typing_context, target, word):
    def generate(context, builder, signature, arguments):
        builder.store(arguments[1], builder.bitcast(arguments[0], INT64.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.none(target, word), generate


@intrinsic
def n_ones(typing_context, word):
    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(word), generate


@intrinsic
def write_eight(typing_context, rows, count, base, places, byte):
    """Write the rows base + i of the bits i of a byte, and anything behind them, eight in all."""

    def generate(context, builder, signature, arguments):
        narrow, wide = ir.VectorType(INT8, 8), ir.VectorType(INT32_T, 8)
        target = context.make_array(signature.args[0])(context, builder, arguments[0])
        table = context.make_array(signature.args[3])(context, builder, arguments[3])
        at = builder.gep(table.data, [builder.mul(arguments[4], ir.Constant(INT64, 8))])
        found = builder.zext(builder.load(builder.bitcast(at, narrow.as_pointer()), align=1), wide)
        found = builder.add(found, spread(builder, builder.trunc(arguments[2], INT32_T), wide))
        place = builder.gep(target.data, [arguments[1]])
        builder.store(found, builder.bitcast(place, wide.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.none(rows, types.intp, types.intp, places, types.uint64), generate


@intrinsic
def test_whole_words(typing_context, dtype, source, a, b, turned, n_words, words):
    """Write n_words words of 64 tests each, value + a > b, exclusive or `turned`; one loop per type."""

    def generate(context, builder, signature, arguments):
        dtype, source, a, b, turned, n_words, words = arguments
        for of_dtype, kind in KINDS:
            lanes = 256 // kind.width
            vector = ir.VectorType(kind, lanes)
            with builder.if_then(builder.icmp_signed("==", dtype, ir.Constant(INT64, of_dtype))):
                added, limit = [
                    spread(builder, one if kind.width == 64 else builder.trunc(one, kind), vector)
                    for one in (a, b)
                ]
                values = builder.bitcast(source, kind.as_pointer())
                with cgutils.for_range(builder, n_words) as loop:
                    word = turned
                    first = builder.gep(values, [builder.mul(loop.index, ir.Constant(INT64, 64))])
                    for place in range(0, 64, lanes):
                        at = builder.gep(first, [ir.Constant(INT64, place)])
                        some = builder.load(builder.bitcast(at, vector.as_pointer()), align=1)
                        if of_dtype in (FLOAT32, FLOAT64):
                            sign = ir.Constant(vector, [kind.width - 1] * lanes)
                            most = builder.lshr(builder.ashr(some, sign), ir.Constant(vector, [1] * lanes))
                            some = builder.xor(some, most)
                        above = builder.icmp_signed(">", builder.add(some, added), limit)
                        part = builder.zext(builder.bitcast(above, ir.IntType(lanes)), INT64)
                        word = builder.xor(word, builder.shl(part, ir.Constant(INT64, place)))
                    builder.store(word, builder.gep(words, [loop.index]))
        return context.get_dummy_value()

    arguments = (types.int64, source, types.int64, types.int64, types.uint64, types.intp, words)
    return types.none(*arguments), generate


def spread(builder, value, vector):
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(INT32_T, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INT32_T, vector.count), None))
