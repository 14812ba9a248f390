//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -O -C target-cpu=haswell lance_loops.rs -o /tmp/lance_loops
//!     GLIBC_TUNABLES=glibc.malloc.hugetlb=1 /tmp/lance_loops
//!
//! The setting makes malloc ask for huge pages, as NumPy does for baseline.py.
//! haswell is the CPU that Lance's builds name. Written anew after lance d2039d750 and the sort of arrow 56.1,
//! with the same layouts and the same order of work; values are uniform in [-1, 1), every op has another query.
//! Prints the least time of 200 queries, in ns, no query twice.

use std::hint::black_box;
use std::time::Instant;

const QUERIES: usize = 200;

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

/// Product: the tail first, then 16 running sums.
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

#[inline(never)]
fn l2_distances(centroids: &[f32], query: &[f32]) -> Vec<f32> {
    centroids.chunks_exact(query.len()).map(|centroid| l2(query, centroid)).collect()
}

#[inline(never)]
fn dot_distances(centroids: &[f32], query: &[f32]) -> Vec<f32> {
    centroids.chunks_exact(query.len()).map(|centroid| 1.0 - dot(query, centroid)).collect()
}

/// The first `limit` places in order of distance, all of them sorted or the rest only set apart.
#[inline(never)]
fn nearest(distances: &[f32], limit: usize) -> (Vec<u32>, Vec<f32>) {
    let places: Vec<u32> = (0..distances.len() as u32).collect();
    let mut pairs: Vec<(u32, f32)> = places.into_iter().map(|i| (i, distances[i as usize])).collect();
    let limit = limit.min(pairs.len());
    if limit == pairs.len() {
        pairs.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    } else if limit > 0 {
        let (before, _, _) = pairs.select_nth_unstable_by(limit - 1, |a, b| a.1.total_cmp(&b.1));
        before.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    }
    let ids: Vec<u32> = pairs.iter().map(|pair| pair.0).take(limit).collect();
    let taken = ids.iter().map(|&i| distances[i as usize]).collect();
    (ids, taken)
}

fn main() {
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / 8388608.0 - 1.0
    };
    println!("{:>16} {:>12} {:>11} {:>10}", "shape", "distances_ns", "nearest_ns", "op_ns");
    for (n, dim, metric, limit) in
        [(1024, 128, "l2", 20), (4096, 768, "dot", 20), (4096, 768, "l2", 4096), (16384, 768, "l2", 1)]
    {
        let mut room = vec![0f32; n * dim + 16];
        let start = room.as_ptr().align_offset(64);
        let centroids = &mut room[start..start + n * dim];
        centroids.fill_with(&mut draw);
        let mut least = [u128::MAX; 3];
        for _ in 0..QUERIES {
            let query: Vec<f32> = (0..dim).map(|_| draw()).collect();
            let start = Instant::now();
            let distances = black_box(match metric {
                "l2" => l2_distances(black_box(centroids), black_box(&query)),
                _ => dot_distances(black_box(centroids), black_box(&query)),
            });
            let distances_done = start.elapsed().as_nanos();
            black_box(nearest(&distances, black_box(limit)));
            let done = start.elapsed().as_nanos();
            for (old, new) in least.iter_mut().zip([distances_done, done - distances_done, done]) {
                *old = new.min(*old);
            }
        }
        let [distances, nearest, op] = least;
        println!("{:>16} {distances:>12} {nearest:>11} {op:>10}", format!("{n}x{dim}-{metric}-{limit}"));
    }
}
