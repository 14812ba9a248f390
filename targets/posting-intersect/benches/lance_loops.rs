//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -O -C target-cpu=haswell lance_loops.rs -o /tmp/lance_loops && /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after DataFusion 50.0.0's TopK, which Lance
//! d2039d750 calls, with the same order of work; the heap is the standard library's, as there. Lists and
//! distances are as in the workloads `interleaved`, without what is planted there. Prints the least of 100
//! ops, in ns.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

#[derive(PartialEq, Eq)]
struct Kept {
    key: (u32, u64),
    row: usize,
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

#[derive(Default)]
struct Scratch {
    mask: Vec<u64>,
    equal: Vec<u64>,
    distances: Vec<f32>,
    row_ids: Vec<u64>,
    rows: Vec<usize>,
    keys: Vec<(u32, u64)>,
}

/// An unsigned integer that orders like the float.
fn ordered(distance: f32) -> u32 {
    let bits = distance.to_bits() as i32;
    (bits ^ (((bits >> 31) as u32) >> 1) as i32) as u32 ^ 0x8000_0000
}

fn bits_where(n: usize, holds: impl Fn(usize) -> bool, mask: &mut Vec<u64>) {
    mask.clear();
    for start in (0..n / 64).map(|word| word * 64) {
        mask.push((0..64).fold(0, |bits, i| bits | (holds(start + i) as u64) << i));
    }
    if n % 64 > 0 {
        let start = n - n % 64;
        mask.push((0..n % 64).fold(0, |bits, i| bits | (holds(start + i) as u64) << i));
    }
}

fn count(mask: &[u64]) -> usize {
    mask.iter().map(|bits| bits.count_ones() as usize).sum()
}

/// The filter: rows below `largest` by distance, or by row id where the distances are equal.
#[inline(never)]
fn below(distances: &[f32], row_ids: &[u64], largest: (f32, u64), scratch: &mut Scratch) -> usize {
    let n = distances.len();
    let (mask, equal) = (&mut scratch.mask, &mut scratch.equal);
    bits_where(n, |i| distances[i].total_cmp(&largest.0).is_lt(), mask);
    let less = count(mask);
    if less == n {
        return n;
    }
    bits_where(n, |i| distances[i].to_bits() == largest.0.to_bits(), equal);
    if count(equal) == 0 {
        return less;
    }
    for (word, &bits) in equal.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            let lane = bits.trailing_zeros() as usize;
            mask[word] |= ((row_ids[word * 64 + lane] < largest.1) as u64) << lane;
            bits &= bits - 1;
        }
    }
    count(mask)
}

#[inline(never)]
fn select(distances: &[f32], row_ids: &[u64], first: usize, scratch: &mut Scratch) {
    scratch.distances.clear();
    scratch.row_ids.clear();
    scratch.rows.clear();
    for (word, &bits) in scratch.mask.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            let i = word * 64 + bits.trailing_zeros() as usize;
            scratch.distances.push(distances[i]);
            scratch.row_ids.push(row_ids[i]);
            scratch.rows.push(first + i);
            bits &= bits - 1;
        }
    }
}

#[inline(never)]
fn encode(distances: &[f32], row_ids: &[u64], keys: &mut Vec<(u32, u64)>) {
    keys.clear();
    keys.extend(distances.iter().zip(row_ids).map(|(&distance, &id)| (ordered(distance), id)));
}

#[inline(never)]
fn insert(
    heap: &mut BinaryHeap<Kept>,
    k: usize,
    keys: &[(u32, u64)],
    rows: impl Iterator<Item = usize>,
) -> bool {
    let mut changed = false;
    for (&key, row) in keys.iter().zip(rows) {
        if heap.len() == k {
            if key >= heap.peek().unwrap().key {
                continue;
            }
            heap.pop();
        }
        heap.push(Kept { key, row });
        changed = true;
    }
    changed
}

fn merge(
    distances: &[f32],
    row_ids: &[u64],
    offsets: &[usize],
    k: usize,
    scratch: &mut Scratch,
    out: &mut (Vec<f32>, Vec<u64>),
) {
    let mut heap = BinaryHeap::with_capacity(k);
    let mut largest = None;
    for bounds in offsets.windows(2) {
        let (first, last) = (bounds[0], bounds[1]);
        let (list, ids) = (&distances[first..last], &row_ids[first..last]);
        let left = match largest {
            Some(largest) => below(list, ids, largest, scratch),
            None => list.len(),
        };
        if left == 0 {
            continue;
        }
        let changed = if left < list.len() {
            select(list, ids, first, scratch);
            encode(&scratch.distances, &scratch.row_ids, &mut scratch.keys);
            insert(&mut heap, k, &scratch.keys, scratch.rows.iter().copied())
        } else {
            encode(list, ids, &mut scratch.keys);
            insert(&mut heap, k, &scratch.keys, first..last)
        };
        if changed && heap.len() == k {
            let row = heap.peek().unwrap().row;
            largest = Some((distances[row], row_ids[row]));
        }
    }
    for kept in heap.into_sorted_vec() {
        out.0.push(distances[kept.row]);
        out.1.push(row_ids[kept.row]);
    }
}

fn main() {
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 32
    };
    println!("{:>12} {:>10}", "shape", "op_ns");
    let shapes = [
        ("20x10", 128, 20, 10, 10, true),
        ("100x1000", 1, 100, 1000, 1000, true),
        ("1024x100", 2, 1024, 100, 100, true),
        ("64x4000", 1, 64, 4000, 4000, true),
        ("25x8192", 1, 25, 8192, 100, false),
    ];
    for (name, n_queries, n_lists, length, k, sorted) in shapes {
        let mut offsets = vec![0];
        let mut rows: Vec<(u64, u64)> = Vec::new();
        for list in 0..n_queries * n_lists {
            let n = if list % n_lists % 8 == 7 { draw() as usize % length } else { length };
            let start = rows.len();
            rows.extend((0..n).map(|_| (draw() >> 8, 1 << 63 | draw())));
            if sorted {
                rows[start..].sort();
            }
            offsets.push(rows.len());
        }
        let distances: Vec<f32> = rows.iter().map(|row| row.0 as f32 / 1048576.0).collect();
        let row_ids: Vec<u64> = rows.iter().map(|row| row.1).collect();
        let mut least = u128::MAX;
        for _ in 0..100 {
            let start = Instant::now();
            let mut scratch = Scratch::default();
            let mut out = (Vec::with_capacity(n_queries * k), Vec::with_capacity(n_queries * k));
            for query in 0..n_queries {
                let bounds = &offsets[query * n_lists..=(query + 1) * n_lists];
                merge(black_box(&distances), black_box(&row_ids), bounds, k, &mut scratch, &mut out);
            }
            black_box(out);
            least = least.min(start.elapsed().as_nanos());
        }
        println!("{name:>12} {least:>10}");
    }
}
