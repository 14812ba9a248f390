//! The baseline's four loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -O -C target-cpu=haswell lance_loops.rs -o /tmp/lance_dot_loops && /tmp/lance_dot_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after lance d2039d750, with the same layouts and
//! the same order of work, the boxed iterator over a sub-vector's centroids included; codes and values are
//! uniform. The last two columns are the top-k of rows of which each is better than all before it, and the table
//! without the box.
//! Prints the least of 300 ops, in ns.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

const ROWS: usize = 16_000;
const K: usize = 10;

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

/// Inner product: the tail first, then 16 running sums.
#[inline(always)]
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (a, b) = (left.chunks_exact(16), right.chunks_exact(16));
    let tail: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0f32; 16];
    for (x, y) in a.zip(b) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    tail + sums.iter().sum::<f32>()
}

fn dot_distances<'a>(part: &'a [f32], centroids: &'a [f32]) -> Box<dyn Iterator<Item = f32> + 'a> {
    Box::new(centroids.chunks_exact(part.len()).map(move |centroid| 1.0 - dot(part, centroid)))
}

#[inline(never)]
fn distance_table(codebook: &[f32], query: &[f32], n_sub: usize) -> Vec<f32> {
    let sub_dim = query.len() / n_sub;
    let mut table = Vec::with_capacity(n_sub * 256);
    for (part, centroids) in query.chunks_exact(sub_dim).zip(codebook.chunks_exact(256 * sub_dim)) {
        table.extend(dot_distances(part, centroids));
    }
    table
}

#[inline(never)]
fn unboxed_table(codebook: &[f32], query: &[f32], n_sub: usize) -> Vec<f32> {
    let sub_dim = query.len() / n_sub;
    let mut table = Vec::with_capacity(n_sub * 256);
    for (part, centroids) in query.chunks_exact(sub_dim).zip(codebook.chunks_exact(256 * sub_dim)) {
        table.extend(centroids.chunks_exact(sub_dim).map(|centroid| 1.0 - dot(part, centroid)));
    }
    table
}

#[inline(never)]
fn scan(table: &[f32], codes: &[u8], n: usize) -> Vec<f32> {
    let mut distances = vec![0f32; n];
    for (row, codes) in table.chunks_exact(256).zip(codes.chunks_exact(n)) {
        let row: &[f32; 256] = row.try_into().unwrap();
        for (distance, &code) in distances.iter_mut().zip(codes) {
            *distance += row[code as usize];
        }
    }
    distances
}

#[inline(never)]
fn less_offset(distances: Vec<f32>, n_sub: usize) -> Vec<f32> {
    let offset = n_sub as f32 - 1.0;
    distances.into_iter().map(|distance| distance - offset).collect()
}

#[inline(never)]
fn smallest(distances: &[f32]) -> Vec<Candidate> {
    let mut heap = BinaryHeap::with_capacity(K);
    for (id, &distance) in distances.iter().enumerate() {
        if heap.len() < K {
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
        (state >> 40) as u32
    };
    let titles = ["shape", "table_ns", "scan_ns", "offset_ns", "top_k_ns", "op_ns", "rising_ns", "unboxed_ns"];
    println!("{}", titles.map(|title| format!("{title:>10}")).join(" "));
    for (dim, n_sub) in [(128, 16), (768, 96), (1536, 96)] {
        let codebook: Vec<f32> = (0..dim * 256).map(|_| draw() as f32 / 16777216.0).collect();
        let query: Vec<f32> = (0..dim).map(|_| draw() as f32 / 16777216.0).collect();
        let codes: Vec<u8> = (0..ROWS * n_sub).map(|_| (draw() >> 8) as u8).collect();
        let rising: Vec<f32> = (0..ROWS).map(|i| -(i as f32)).collect();
        let mut least = [u128::MAX; 7];
        for _ in 0..300 {
            let start = Instant::now();
            let table = black_box(distance_table(black_box(&codebook), black_box(&query), n_sub));
            let table_done = start.elapsed().as_nanos();
            let sums = black_box(scan(&table, black_box(&codes), ROWS));
            let scan_done = start.elapsed().as_nanos();
            let distances = black_box(less_offset(sums, n_sub));
            let offset_done = start.elapsed().as_nanos();
            black_box(smallest(&distances));
            let done = start.elapsed().as_nanos();
            black_box(smallest(black_box(&rising)));
            let rising_done = start.elapsed().as_nanos();
            black_box(unboxed_table(black_box(&codebook), black_box(&query), n_sub));
            let unboxed_done = start.elapsed().as_nanos();
            let spans = [
                table_done,
                scan_done - table_done,
                offset_done - scan_done,
                done - offset_done,
                done,
                rising_done - done,
                unboxed_done - rising_done,
            ];
            for (old, new) in least.iter_mut().zip(spans) {
                *old = new.min(*old);
            }
        }
        let columns = least.map(|ns| format!("{ns:>10}")).join(" ");
        println!("{:>10} {columns}", format!("{dim}x{n_sub}"));
    }
}
