//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -C opt-level=3 -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after what arrow-rs 56.1 and DataFusion 50 do, with
//! the same order of work; an expression is a tree of boxes, as there. Columns are as in the workloads, without
//! what is planted there and without slices. Prints the least of many ops, in us.

use std::hint::black_box;
use std::time::Instant;

struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        ((self.next() >> 32) * n) >> 32
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

enum Values {
    I32(Vec<i32>),
    I64(Vec<i64>),
    F64(Vec<f64>),
    U8(Vec<u8>),
}

struct Column {
    values: Values,
    valid: Option<Vec<u64>>,
}

struct Batch {
    columns: Vec<Column>,
    n: usize,
}

struct Truth {
    values: Vec<u64>,
    valid: Option<Vec<u64>>, // only where there are nulls
    n: usize,
}

#[derive(Clone, Copy)]
enum Literal {
    I32(i32),
    I64(i64),
    F64(f64),
    U8(u8),
}

enum Expr {
    Equal(usize, Literal),
    Less(usize, Literal, bool), // negated: at least
    Greater(usize, Literal, bool),
    In(usize, Table, bool), // whether the list has a null
    IsNull(usize),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
}

#[inline(always)]
fn collect_bool(n: usize, negated: bool, f: impl Fn(usize) -> bool) -> Vec<u64> {
    let mut words: Vec<u64> = Vec::with_capacity(n.div_ceil(64));
    words.extend((0..n / 64).map(|w| {
        let mut packed = 0u64;
        for bit in 0..64 {
            packed |= (f(64 * w + bit) as u64) << bit;
        }
        if negated { !packed } else { packed }
    }));
    if n % 64 != 0 {
        let mut packed = 0u64;
        for bit in 0..n % 64 {
            packed |= (f(n / 64 * 64 + bit) as u64) << bit;
        }
        words.push((if negated { !packed } else { packed }) & ((1 << (n % 64)) - 1));
    }
    words
}

#[inline(never)]
fn equal(column: &Column, literal: Literal, n: usize) -> Vec<u64> {
    unsafe {
        match (&column.values, literal) {
            (Values::I32(v), Literal::I32(x)) => collect_bool(n, false, |i| *v.get_unchecked(i) == x),
            (Values::I64(v), Literal::I64(x)) => collect_bool(n, false, |i| *v.get_unchecked(i) == x),
            (Values::U8(v), Literal::U8(x)) => collect_bool(n, false, |i| *v.get_unchecked(i) == x),
            (Values::F64(v), Literal::F64(x)) => {
                collect_bool(n, false, |i| v.get_unchecked(i).to_bits() == x.to_bits())
            }
            _ => unreachable!(),
        }
    }
}

#[inline(never)]
fn less(column: &Column, literal: Literal, negated: bool, n: usize) -> Vec<u64> {
    unsafe {
        match (&column.values, literal) {
            (Values::I32(v), Literal::I32(x)) => collect_bool(n, negated, |i| *v.get_unchecked(i) < x),
            (Values::I64(v), Literal::I64(x)) => collect_bool(n, negated, |i| *v.get_unchecked(i) < x),
            (Values::U8(v), Literal::U8(x)) => collect_bool(n, negated, |i| *v.get_unchecked(i) < x),
            (Values::F64(v), Literal::F64(x)) => {
                collect_bool(n, negated, |i| v.get_unchecked(i).total_cmp(&x).is_lt())
            }
            _ => unreachable!(),
        }
    }
}

#[inline(never)]
fn greater(column: &Column, literal: Literal, negated: bool, n: usize) -> Vec<u64> {
    unsafe {
        match (&column.values, literal) {
            (Values::I32(v), Literal::I32(x)) => collect_bool(n, negated, |i| x < *v.get_unchecked(i)),
            (Values::I64(v), Literal::I64(x)) => collect_bool(n, negated, |i| x < *v.get_unchecked(i)),
            (Values::U8(v), Literal::U8(x)) => collect_bool(n, negated, |i| x < *v.get_unchecked(i)),
            (Values::F64(v), Literal::F64(x)) => {
                collect_bool(n, negated, |i| x.total_cmp(v.get_unchecked(i)).is_lt())
            }
            _ => unreachable!(),
        }
    }
}

/// An open-addressing table as in hashbrown, with sixteen control bytes compared at once.
struct Table {
    keys: Vec<u64>,
    control: Vec<u8>,
}

fn folded(left: u64, right: u64) -> u64 {
    let product = left as u128 * right as u128;
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
fn hashed(key: u64) -> u64 {
    let mixed = folded(key ^ 0x243F_6A88_85A3_08D3, 6364136223846793005);
    folded(mixed, 0x1319_8A2E_0370_7344).rotate_left((mixed & 63) as u32)
}

#[inline(always)]
fn matches(control: &[u8], place: usize, byte: u8) -> u32 {
    use std::arch::x86_64::*;
    unsafe {
        let group = _mm_loadu_si128(control.as_ptr().add(place) as *const __m128i);
        _mm_movemask_epi8(_mm_cmpeq_epi8(group, _mm_set1_epi8(byte as i8))) as u32
    }
}

impl Table {
    fn new(some: &[u64]) -> Table {
        let mut n = 16;
        while n * 7 < some.len() * 8 {
            n *= 2;
        }
        let mut table = Table { keys: vec![0; n], control: vec![0xFF; n + 16] };
        for &key in some {
            let hash = hashed(key);
            let (mut place, mut stride) = (hash as usize & (n - 1), 0);
            let free = loop {
                if let Some(i) = (0..16).find(|i| table.control[(place + i) & (n - 1)] == 0xFF) {
                    break (place + i) & (n - 1);
                }
                stride += 16;
                place = (place + stride) & (n - 1);
            };
            table.keys[free] = key;
            table.control[free] = (hash >> 57) as u8;
            for i in 0..16 {
                table.control[n + i] = table.control[i];
            }
        }
        table
    }

    #[inline(always)]
    fn contains(&self, key: u64) -> bool {
        let (hash, mask) = (hashed(key), self.keys.len() - 1);
        let (mut place, mut stride) = (hash as usize & mask, 0);
        loop {
            let mut found = matches(&self.control, place, (hash >> 57) as u8);
            while found != 0 {
                let bucket = (place + found.trailing_zeros() as usize) & mask;
                if unsafe { *self.keys.get_unchecked(bucket) } == key {
                    return true;
                }
                found &= found - 1;
            }
            if matches(&self.control, place, 0xFF) != 0 {
                return false;
            }
            stride += 16;
            place = (place + stride) & mask;
        }
    }
}

fn is_set(words: &[u64], i: usize) -> bool {
    unsafe { words.get_unchecked(i >> 6) >> (i & 63) & 1 != 0 }
}

fn set(words: &mut [u64], i: usize) {
    unsafe { *words.get_unchecked_mut(i >> 6) |= 1 << (i & 63) }
}

#[inline(always)]
fn collect_options(n: usize, valid: &Option<Vec<u64>>, f: impl Fn(usize) -> Option<bool>) -> Truth {
    let n_words = n.div_ceil(64);
    let (mut values, mut known) = (vec![0u64; n_words], vec![0u64; n_words]);
    for i in 0..n {
        let item = match valid {
            Some(valid) if !is_set(valid, i) => None,
            _ => f(i),
        };
        if let Some(is_true) = item {
            set(&mut known, i);
            if is_true {
                set(&mut values, i);
            }
        }
    }
    Truth { values, valid: nulls(known, n), n }
}

#[inline(never)]
fn is_in(column: &Column, table: &Table, has_null: bool, n: usize) -> Truth {
    let found = |key: u64| match table.contains(key) {
        true => Some(true),
        false if has_null => None,
        false => Some(false),
    };
    unsafe {
        match &column.values {
            Values::I32(v) => collect_options(n, &column.valid, |i| found(*v.get_unchecked(i) as u32 as u64)),
            Values::I64(v) => collect_options(n, &column.valid, |i| found(*v.get_unchecked(i) as u64)),
            Values::F64(v) => collect_options(n, &column.valid, |i| found(v.get_unchecked(i).to_bits())),
            Values::U8(v) => collect_options(n, &column.valid, |i| found(*v.get_unchecked(i) as u64)),
        }
    }
}

fn ones(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

fn nulls(valid: Vec<u64>, n: usize) -> Option<Vec<u64>> {
    if ones(&valid) < n { Some(valid) } else { None }
}

fn cut(mut words: Vec<u64>, n: usize) -> Vec<u64> {
    if n % 64 != 0 {
        *words.last_mut().unwrap() &= (1 << (n % 64)) - 1;
    }
    words
}

fn zipped(left: &[u64], right: &[u64], f: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    left.iter().zip(right).map(|(&a, &b)| f(a, b)).collect()
}

#[inline(never)]
fn kleene(is_and: bool, left: Truth, right: Truth) -> Truth {
    let turned = if is_and { u64::MAX } else { 0 };
    let n = left.n;
    let valid = match (&left.valid, &right.valid) {
        (None, None) => None,
        (Some(l), None) => Some(zipped(l, &right.values, |v, x| v | (x ^ turned))),
        (None, Some(r)) => Some(zipped(r, &left.values, |v, x| v | (x ^ turned))),
        (Some(l), Some(r)) => Some(
            (0..l.len())
                .map(|w| {
                    let decided = (l[w] & (left.values[w] ^ turned)) | (r[w] & (right.values[w] ^ turned));
                    (l[w] & r[w]) | decided
                })
                .collect(),
        ),
    };
    let values = match is_and {
        true => zipped(&left.values, &right.values, |a, b| a & b),
        false => zipped(&left.values, &right.values, |a, b| a | b),
    };
    Truth { values, valid: valid.and_then(|valid| nulls(cut(valid, n), n)), n }
}

#[inline(never)]
fn indices(words: &[u64], count: usize) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::with_capacity(count);
    let start = found.as_mut_ptr();
    let mut j = 0;
    for (w, &word) in words.iter().enumerate() {
        let mut left = word;
        while left != 0 {
            unsafe { *start.add(j) = 64 * w + left.trailing_zeros() as usize };
            j += 1;
            left &= left - 1;
        }
    }
    unsafe { found.set_len(count) };
    found
}

#[inline(never)]
fn gathered(batch: &Batch, chosen: &[usize]) -> Batch {
    fn taken<T: Copy>(values: &[T], chosen: &[usize]) -> Vec<T> {
        chosen.iter().map(|&i| unsafe { *values.get_unchecked(i) }).collect()
    }
    let columns = batch.columns.iter().map(|column| Column {
        values: match &column.values {
            Values::I32(v) => Values::I32(taken(v, chosen)),
            Values::I64(v) => Values::I64(taken(v, chosen)),
            Values::F64(v) => Values::F64(taken(v, chosen)),
            Values::U8(v) => Values::U8(taken(v, chosen)),
        },
        valid: column.valid.as_ref().and_then(|valid| {
            nulls(collect_bool(chosen.len(), false, |j| is_set(valid, chosen[j])), chosen.len())
        }),
    });
    Batch { columns: columns.collect(), n: chosen.len() }
}

#[inline(never)]
fn scattered(left: Truth, right: Truth) -> Truth {
    let n_true = match &right.valid {
        None => ones(&right.values),
        Some(valid) => ones(&zipped(&right.values, valid, |a, b| a & b)),
    };
    if n_true == right.n {
        return left;
    }
    let n = left.n;
    let mut values = vec![0u64; n.div_ceil(64)];
    let mut known = right.valid.as_ref().map(|_| vec![u64::MAX; n.div_ceil(64)]);
    if n_true > 0 || right.valid.is_some() {
        let mut j = 0;
        for w in 0..left.values.len() {
            let mut word = left.values[w];
            while word != 0 {
                let i = 64 * w + word.trailing_zeros() as usize;
                match (&right.valid, &mut known) {
                    (Some(valid), Some(known)) if !is_set(valid, j) => known[w] ^= 1 << (i & 63),
                    _ if is_set(&right.values, j) => set(&mut values, i),
                    _ => {}
                }
                j += 1;
                word &= word - 1;
            }
        }
    }
    Truth { values, valid: known.map(|known| cut(known, n)), n }
}

fn evaluate(expr: &Expr, batch: &Batch) -> Truth {
    let n = batch.n;
    let column = |c: usize| &batch.columns[c];
    let with_nulls = |values: Vec<u64>, c: usize| Truth { values, valid: batch.columns[c].valid.clone(), n };
    match expr {
        Expr::Equal(c, x) => with_nulls(equal(column(*c), *x, n), *c),
        Expr::Less(c, x, negated) => with_nulls(less(column(*c), *x, *negated, n), *c),
        Expr::Greater(c, x, negated) => with_nulls(greater(column(*c), *x, *negated, n), *c),
        Expr::In(c, table, has_null) => is_in(column(*c), table, *has_null, n),
        Expr::IsNull(c) => {
            let none = || vec![0u64; n.div_ceil(64)];
            let found = column(*c).valid.as_ref().map_or_else(none, |v| v.iter().map(|word| !word).collect());
            Truth { values: cut(found, n), valid: None, n }
        }
        Expr::Not(inner) => {
            let truth = evaluate(inner, batch);
            let values = truth.values.iter().map(|word| !word).collect();
            Truth { values: cut(values, n), ..truth }
        }
        Expr::And(left, right) | Expr::Or(left, right) => {
            let is_and = matches!(expr, Expr::And(..));
            let left = evaluate(left, batch);
            if left.valid.is_none() && n > 0 {
                let n_true = ones(&left.values);
                if n_true == if is_and { 0 } else { n } {
                    return left;
                }
                if n_true == if is_and { n } else { 0 } {
                    return evaluate(right, batch);
                }
                if is_and && n_true as f32 / n as f32 <= 0.2 {
                    let few = gathered(batch, &indices(&left.values, n_true));
                    return scattered(left, evaluate(right, &few));
                }
            }
            kleene(is_and, left, evaluate(right, batch))
        }
    }
}

#[inline(never)]
fn rows_of(words: &[u64], n: usize, count: usize) -> Vec<u32> {
    if count == n {
        return (0..n as u32).collect();
    }
    let mut rows: Vec<u32> = Vec::with_capacity(count);
    if count as f64 / n as f64 > 0.8 {
        let (mut start, mut end) = (0u32, 0u32);
        for (w, &word) in words.iter().enumerate() {
            let mut left = word;
            while left != 0 {
                let low = left.trailing_zeros();
                let length = (!(left >> low)).trailing_zeros().min(64);
                let first = 64 * w as u32 + low;
                if first != end {
                    rows.extend(start..end);
                    start = first;
                }
                end = first + length;
                left = if low + length < 64 { left & (u64::MAX << (low + length)) } else { 0 };
            }
        }
        rows.extend(start..end);
        return rows;
    }
    let target = rows.as_mut_ptr();
    let mut j = 0;
    for (w, &word) in words.iter().enumerate() {
        let mut left = word;
        while left != 0 {
            unsafe { *target.add(j) = 64 * w as u32 + left.trailing_zeros() };
            j += 1;
            left &= left - 1;
        }
    }
    unsafe { rows.set_len(count) };
    rows
}

#[inline(never)]
fn select(expr: &Expr, batch: &Batch) -> (Vec<u64>, Vec<u32>) {
    let truth = evaluate(expr, batch);
    let words = match &truth.valid {
        Some(valid) => zipped(&truth.values, valid, |a, b| a & b),
        None => truth.values,
    };
    let rows = rows_of(&words, batch.n, ones(&words));
    (words, rows)
}

fn between(c: usize, low: Literal, high: Literal) -> Expr {
    Expr::And(Box::new(Expr::Less(c, low, true)), Box::new(Expr::Greater(c, high, true)))
}

fn all_of(exprs: Vec<Expr>) -> Expr {
    exprs.into_iter().reduce(|left, right| Expr::And(Box::new(left), Box::new(right))).unwrap()
}

fn any_of(exprs: Vec<Expr>) -> Expr {
    exprs.into_iter().reduce(|left, right| Expr::Or(Box::new(left), Box::new(right))).unwrap()
}

fn valid_bits(s: &mut Stream, n: usize, share: f64, cluster: usize) -> Option<Vec<u64>> {
    let kept: Vec<bool> = (0..n.div_ceil(cluster)).map(|_| s.share() >= share).collect();
    nulls(collect_bool(n, false, |i| kept[i / cluster]), n)
}

fn time(name: &str, expr: &Expr, batches: &[Batch], times: usize) {
    let (mut best, mut count, mut n) = (f64::MAX, 0, 0);
    for _ in 0..times {
        let start = Instant::now();
        for batch in batches {
            black_box(select(expr, black_box(batch)));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / 1e3);
    }
    for batch in batches {
        count += select(expr, batch).1.len();
        n += batch.n;
    }
    println!("{name:<24} {best:>9.1} us   {:.4} selected", count as f64 / n as f64);
}

fn one_column(values: Values, n: usize) -> Batch {
    Batch { columns: vec![Column { values, valid: None }], n }
}

fn forecast(s: &mut Stream, n: usize, is_sorted: bool) -> Batch {
    let mut days: Vec<i32> = (0..n).map(|_| 8035 + s.below(2557) as i32).collect();
    if is_sorted {
        days.sort();
    }
    let discounts = (0..n).map(|_| s.below(11) as f64 / 100.0).collect();
    let quantities = (0..n).map(|_| 1 + s.below(50) as i64).collect();
    let modes = (0..n).map(|_| 37 * s.below(7) as u8).collect();
    let values = [Values::I32(days), Values::F64(discounts), Values::I64(quantities), Values::U8(modes)];
    Batch { columns: values.into_iter().map(|values| Column { values, valid: None }).collect(), n }
}

fn split(whole: Batch, n: usize) -> Vec<Batch> {
    (0..whole.n / n).map(|b| gathered(&whole, &(b * n..b * n + n).collect::<Vec<_>>())).collect()
}

fn main() {
    let mut s = Stream(7);
    for (name, share) in [("rare", 0.001), ("half", 0.5), ("most", 0.99)] {
        let limit = (share * 4294967296.0 - 2147483648.0) as i32;
        let draw = |s: &mut Stream, n: usize| one_column(Values::I32((0..n).map(|_| s.next() as i32).collect()), n);
        let expr = Expr::Less(0, Literal::I32(limit), false);
        let batches: Vec<Batch> = (0..12).map(|_| draw(&mut s, 16384)).collect();
        time(&format!("{name}/less-16384"), &expr, &batches, 2000);
        if name == "rare" {
            time("rare/less-1M", &expr, &[draw(&mut s, 1_000_003)], 300);
        }
    }
    let ascending = (0..1_000_003).map(|i| ((i as i64 * 4294) - 2147483648) as i32).collect();
    let expr = Expr::Less(0, Literal::I32(900_000_000), false);
    time("ascending/less-1M", &expr, &[one_column(Values::I32(ascending), 1_000_003)], 300);

    let q6 = |first: i32, days: i32| {
        all_of(vec![
            between(0, Literal::I32(first), Literal::I32(first + days - 1)),
            between(1, Literal::F64(0.05), Literal::F64(0.07)),
            Expr::Less(2, Literal::I64(24), false),
            any_of([37u8, 148, 222].map(|x| Expr::Equal(3, Literal::U8(x))).into()),
        ])
    };
    let batches: Vec<Batch> = (0..6).map(|_| forecast(&mut s, 8192, false)).collect();
    time("year/q6-8192", &q6(8900, 365), &batches, 2000);
    time("wide/q6-8192", &q6(8200, 1790), &batches, 2000);
    time("ascending/q6-8192", &q6(8900, 365), &split(forecast(&mut s, 49152, true), 8192), 2000);
    time("year/q6-2M", &q6(8900, 365), &[forecast(&mut s, 2_100_003, false)], 20);

    for (name, cluster) in [("scattered", 1), ("clustered", 512)] {
        let prices: Vec<f64> = (0..49152).map(|_| s.share() * 1000.0).collect();
        let stocks = (0..49152).map(|_| s.below(200) as i64).collect();
        let columns = [Values::F64(prices), Values::I64(stocks)].map(|values| Column {
            values,
            valid: valid_bits(&mut s, 49152, 0.2, cluster),
        });
        let batches = split(Batch { columns: columns.into(), n: 49152 }, 8192);
        let first = any_of(vec![between(0, Literal::F64(0.0), Literal::F64(300.0)), Expr::IsNull(0)]);
        let second = any_of(vec![Expr::Less(1, Literal::I64(100), true), Expr::Equal(1, Literal::I64(7))]);
        time(&format!("{name}/nulls-8192"), &all_of(vec![first, Expr::Not(Box::new(second))]), &batches, 2000);
    }

    for (name, k, share, n_batches) in [
        ("rare/in-3", 3, 0.01, 12),
        ("half/in-16", 16, 0.5, 4),
        ("half/in-64", 64, 0.5, 4),
        ("half/in-1000", 1000, 0.5, 4),
        ("dense/in-1000", 1000, -1.0, 4),
    ] {
        let is_wide = k == 16;
        let list: Vec<u64> = (0..k as u64)
            .map(|i| if share < 0.0 { i * 4096 / 1000 } else { s.next() >> if is_wide { 0 } else { 32 } })
            .collect();
        let width = if is_wide { 64 } else { 32 };
        let draw = |s: &mut Stream| {
            let keys: Vec<u64> = (0..8192)
                .map(|_| {
                    if share < 0.0 {
                        return s.below(4096);
                    }
                    let one = list[s.below(k as u64) as usize];
                    let bit = 1 << s.below(width);
                    let any = s.next() >> (64 - width);
                    if s.share() < share { one } else if s.share() < 0.5 { one ^ bit } else { any }
                })
                .collect();
            let values = match is_wide {
                true => Values::I64(keys.iter().map(|&x| x as i64).collect()),
                false => Values::I32(keys.iter().map(|&x| x as u32 as i32).collect()),
            };
            let valid = if is_wide { valid_bits(s, 8192, 0.05, 1) } else { None };
            Batch { columns: vec![Column { values, valid }], n: 8192 }
        };
        let batches: Vec<Batch> = (0..n_batches).map(|_| draw(&mut s)).collect();
        let expr = if k == 3 {
            any_of(list.iter().map(|&x| Expr::Equal(0, Literal::I32(x as u32 as i32))).collect())
        } else {
            Expr::In(0, Table::new(&list[is_wide as usize..]), is_wide)
        };
        time(name, &expr, &batches, 1000);
    }
}
