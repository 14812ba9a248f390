//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -O -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. In several code generation units, rustc's default, the table
//! takes a fifth to a half longer. Written anew after lance d2039d750, with the same layouts and the same
//! order of work; the last step is a sort here and an insertion there, 1 us each. Eight partitions: one empty,
//! one of five rows, six of the same length; codes and values are uniform. Prints the least time of 300 ops,
//! in ns, and of each part, summed over the partitions.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

const PARTITIONS: usize = 8;
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

#[inline(never)]
fn normalised(query: &[f32]) -> Vec<f32> {
    let length = query.iter().map(|x| x * x).sum::<f32>().sqrt();
    query.iter().map(|x| x / length).collect()
}

#[inline(never)]
fn residual(unit: &[f32], centroid: &[f32]) -> Vec<f32> {
    unit.iter().zip(centroid).map(|(x, y)| x - y).collect()
}

/// Squared distance: the tail first, then 16 running sums.
fn l2(left: &[f32], right: &[f32]) -> f32 {
    let (a, b) = (left.chunks_exact(16), right.chunks_exact(16));
    let tail: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    let mut sums = [0f32; 16];
    for (x, y) in a.zip(b) {
        for lane in 0..16 {
            let difference = x[lane] - y[lane];
            sums[lane] += difference * difference;
        }
    }
    tail + sums.iter().sum::<f32>()
}

#[inline(never)]
fn distance_table(codebook: &[f32], query: &[f32], n_sub: usize) -> Vec<f32> {
    let sub_dim = query.len() / n_sub;
    let mut table = Vec::with_capacity(n_sub * 256);
    for (part, codewords) in query.chunks_exact(sub_dim).zip(codebook.chunks_exact(256 * sub_dim)) {
        table.extend(codewords.chunks_exact(sub_dim).map(|codeword| l2(part, codeword)));
    }
    table
}

#[inline(never)]
fn scan(table: &[f32], codes: &[u8], n: usize) -> Vec<f32> {
    let mut distances = vec![0f32; n];
    if n == 0 {
        return distances;
    }
    for (row, codes) in table.chunks_exact(256).zip(codes.chunks_exact(n)) {
        let row: &[f32; 256] = row.try_into().unwrap();
        for (distance, &code) in distances.iter_mut().zip(codes) {
            *distance += row[code as usize];
        }
    }
    distances
}

#[inline(never)]
fn smallest(distances: &[f32], first_row: usize) -> Vec<Candidate> {
    let mut heap = BinaryHeap::with_capacity(K);
    for (id, &distance) in distances.iter().enumerate() {
        if heap.len() < K {
            heap.push(Candidate(distance, (first_row + id) as u64));
        } else if heap.peek().unwrap().0 > distance {
            heap.pop();
            heap.push(Candidate(distance, (first_row + id) as u64));
        }
    }
    heap.into_vec()
}

#[inline(never)]
fn merged(mut kept: Vec<Candidate>) -> Vec<Candidate> {
    kept.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    kept.truncate(K);
    kept
}

fn main() {
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as u32
    };
    let names = ["query_ns", "table_ns", "scan_ns", "top_k_ns", "merge_ns", "op_ns"];
    println!("{:>10} {}", "shape", names.map(|name| format!("{name:>10}")).join(" "));
    for (dim, n_sub, rows) in [(128, 16, 32_000), (768, 96, 12_000), (1536, 96, 8_000)] {
        let mut lengths = [(rows - 5) / 6; PARTITIONS];
        (lengths[2], lengths[5]) = (0, 5);
        let codebook: Vec<f32> = (0..dim * 256).map(|_| draw() as f32 / 16777216.0).collect();
        let centroids: Vec<f32> = (0..dim * PARTITIONS).map(|_| draw() as f32 / 16777216.0).collect();
        let query: Vec<f32> = (0..dim).map(|_| draw() as f32 / 16777216.0).collect();
        let codes: Vec<u8> = (0..rows * n_sub).map(|_| (draw() >> 8) as u8).collect();
        let mut least = [u128::MAX; 6];
        for _ in 0..300 {
            let mut spent = [0u128; 6];
            let start = Instant::now();
            let mut last = 0;
            let mut booked = |part: usize, spent: &mut [u128; 6]| {
                let now = start.elapsed().as_nanos();
                spent[part] += now - last;
                last = now;
            };
            let mut kept = Vec::new();
            let mut first_row = 0;
            for (centroid, n) in black_box(&centroids).chunks_exact(dim).zip(lengths) {
                let near = residual(&normalised(black_box(&query)), centroid);
                booked(0, &mut spent);
                let table = distance_table(black_box(&codebook), &near, n_sub);
                booked(1, &mut spent);
                let stop = first_row + n;
                let distances = scan(&table, &black_box(&codes)[first_row * n_sub..stop * n_sub], n);
                booked(2, &mut spent);
                kept.extend(smallest(&distances, first_row));
                booked(3, &mut spent);
                first_row = stop;
            }
            black_box(merged(kept));
            booked(4, &mut spent);
            spent[5] = start.elapsed().as_nanos();
            for (old, new) in least.iter_mut().zip(spent) {
                *old = new.min(*old);
            }
        }
        let times = least.map(|ns| format!("{ns:>10}")).join(" ");
        println!("{:>10} {times}", format!("{dim}x{n_sub}"));
    }
}
