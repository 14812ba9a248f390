//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -O -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after lance d2039d750, with the same layout and
//! the same order of work; bits are uniform. Lance calls the distance through a pointer to a function, and so
//! does this. Prints the least of 1,000 ops, in ns.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

const CHUNK: usize = 64;
const SHAPES: [(usize, usize, usize); 5] =
    [(32, 30_003, 10), (96, 20_003, 10), (16, 60_003, 10), (192, 10_003, 100), (128, 32_771, 10)];

#[derive(PartialEq)]
struct Candidate(f32, u64);

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Number of bits that differ: the bytes after the last whole chunk first, then chunk by chunk.
fn hamming(left: &[u8], right: &[u8]) -> f32 {
    fn count(a: &[u8], b: &[u8]) -> u32 {
        a.iter().zip(b).map(|(x, y)| (x ^ y).count_ones()).sum()
    }
    let (a, b) = (left.chunks_exact(CHUNK), right.chunks_exact(CHUNK));
    let rest = count(a.remainder(), b.remainder());
    (rest + a.zip(b).map(|(x, y)| count(x, y)).sum::<u32>()) as f32
}

#[inline(never)]
fn distances(distance: fn(&[u8], &[u8]) -> f32, query: &[u8], codes: &[u8]) -> Vec<f32> {
    codes.chunks_exact(query.len()).map(|row| distance(query, row)).collect()
}

#[inline(never)]
fn smallest(distances: &[f32], k: usize) -> Vec<Candidate> {
    let mut heap = BinaryHeap::with_capacity(k);
    for (id, &distance) in distances.iter().enumerate() {
        if heap.len() < k {
            heap.push(Candidate(distance, id as u64));
        } else if heap.peek().unwrap().0 > distance {
            heap.pop();
            heap.push(Candidate(distance, id as u64));
        }
    }
    heap.into_vec()
}

fn main() {
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    println!("{:>10} {:>7} {:>4} {:>13} {:>9} {:>9}", "dim_bytes", "rows", "k", "distances_ns", "top_k_ns", "op_ns");
    for (dim_bytes, rows, k) in SHAPES {
        let query: Vec<u8> = (0..dim_bytes).map(|_| draw()).collect();
        let codes: Vec<u8> = (0..rows * dim_bytes).map(|_| draw()).collect();
        let mut least = [u128::MAX; 3];
        for _ in 0..1000 {
            let start = Instant::now();
            let found = black_box(distances(black_box(hamming), black_box(&query), black_box(&codes)));
            let scanned = start.elapsed().as_nanos();
            black_box(smallest(&found, k));
            let done = start.elapsed().as_nanos();
            for (old, new) in least.iter_mut().zip([scanned, done - scanned, done]) {
                *old = new.min(*old);
            }
        }
        let [scan, top_k, op] = least;
        println!("{dim_bytes:>10} {rows:>7} {k:>4} {scan:>13} {top_k:>9} {op:>9}");
    }
}
