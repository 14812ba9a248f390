//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -C opt-level=3 -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after what arrow-select 56.2 and Lance d2039d750 do,
//! with the same order of work; the sort is the standard library's. Columns and requests are as in the workloads,
//! without what is planted there. Prints the least of 200 ops (20 of the large shapes), in us.

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

    fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }

    fn rows(&mut self, n: usize, m: usize) -> Vec<u32> {
        (0..m).map(|_| self.below(n) as u32).collect()
    }
}

#[inline(never)]
fn take_values<T: Copy>(values: &[T], indices: &[u32]) -> Vec<T> {
    indices.iter().map(|&index| values[index as usize]).collect()
}

fn is_set(bitmap: &[u8], row: usize) -> bool {
    bitmap[row >> 3] >> (row & 7) & 1 != 0
}

#[inline(never)]
fn take_values_with_nulls<T: Copy + Default>(values: &[T], indices: &[u32], valid: &[u8]) -> Vec<T> {
    indices
        .iter()
        .enumerate()
        .map(|(i, &index)| match values.get(index as usize) {
            Some(&value) => [T::default(), value][is_set(valid, i) as usize],
            None if is_set(valid, i) => panic!("index {index}"),
            None => T::default(),
        })
        .collect()
}

#[inline(never)]
fn take_bits(bitmap: &[u8], n: usize, indices: &[u32], valid: &[u8]) -> (Vec<u8>, usize) {
    let mut taken = vec![0u8; indices.len().div_ceil(8)];
    for (word, start) in (0..indices.len()).step_by(64).enumerate() {
        let mut bytes = [0u8; 8];
        let part = &valid[8 * word..valid.len().min(8 * word + 8)];
        bytes[..part.len()].copy_from_slice(part);
        let mut left = u64::from_le_bytes(bytes);
        if indices.len() - start < 64 {
            left &= (1u64 << (indices.len() - start)) - 1;
        }
        while left != 0 {
            let i = start + left.trailing_zeros() as usize;
            let index = indices[i] as usize;
            assert!(index < n);
            if is_set(bitmap, index) {
                taken[i >> 3] |= 1 << (i & 7);
            }
            left &= left - 1;
        }
    }
    let n_valid: usize = taken.iter().map(|byte| byte.count_ones() as usize).sum();
    (taken, indices.len() - n_valid)
}

#[inline(never)]
fn take_rows(elements: &[u32], dim: usize, indices: &[u32]) -> Vec<u32> {
    let mut children: Vec<u32> = Vec::with_capacity(indices.len() * dim);
    for &index in indices {
        assert!((index as usize) < elements.len() / dim);
        let start = index * dim as u32;
        children.extend(start..start + dim as u32);
    }
    take_values(elements, &children)
}

#[inline(never)]
fn take_strings(offsets: &[i32], data: &[u8], indices: &[u32]) -> (Vec<i32>, Vec<u8>) {
    let mut ends = Vec::with_capacity(indices.len() + 1);
    ends.push(0);
    let mut total = 0;
    ends.extend(indices.iter().map(|&index| {
        let index = index as usize;
        total += offsets[index + 1] as usize - offsets[index] as usize;
        i32::try_from(total).expect("overflow")
    }));
    let mut taken = Vec::with_capacity(total);
    for &index in indices {
        let index = index as usize;
        assert!(index < offsets.len() - 1);
        // as in arrow's `value`: the offsets were checked when the array was made
        let string = unsafe { data.get_unchecked(offsets[index] as usize..offsets[index + 1] as usize) };
        taken.extend_from_slice(string);
    }
    (ends, taken)
}

#[inline(never)]
fn remap(returned: &[u64], requested: &[u64]) -> Vec<u64> {
    requested
        .iter()
        .filter_map(|address| returned.iter().position(|one| one == address).map(|place| place as u64))
        .collect()
}

fn rank(deleted: &[u32], row: i64) -> i64 {
    deleted.partition_point(|&one| (one as i64) < row) as i64
}

#[inline(never)]
fn map_offsets(offsets: &[u64], ids: &[u32], n_rows: &[i64], starts: &[i64], deleted: &[u32]) -> Vec<u64> {
    for f in 0..ids.len() {
        let gone = &deleted[starts[f] as usize..starts[f + 1] as usize];
        let n_falls: usize = gone.windows(2).map(|pair| (pair[0] >= pair[1]) as usize).sum();
        assert!(n_falls == 0 && gone.last().is_none_or(|&one| (one as i64) < n_rows[f]));
    }
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    order.sort_by_key(|&i| offsets[i]);
    let sorted: Vec<u64> = order.iter().map(|&i| offsets[i]).collect();
    let mut found = Vec::with_capacity(offsets.len());
    let (mut f, mut first, mut left, mut last_difference) = (0, 0u64, 0i64, 0i64);
    for offset in sorted {
        while f < ids.len() && offset >= first + (n_rows[f] - (starts[f + 1] - starts[f])) as u64 {
            first += (n_rows[f] - (starts[f + 1] - starts[f])) as u64;
            f += 1;
            (left, last_difference) = (0, 0);
        }
        if f == ids.len() {
            found.push(u64::MAX);
            continue;
        }
        let live = (offset - first) as i64;
        let gone = &deleted[starts[f] as usize..starts[f + 1] as usize];
        let mut row = live + last_difference;
        if !gone.is_empty() {
            let mut right = live + gone.len() as i64;
            loop {
                let n_before = rank(gone, row + 1);
                match row.cmp(&(live + n_before)) {
                    std::cmp::Ordering::Equal if gone.binary_search(&(row as u32)).is_err() => break,
                    std::cmp::Ordering::Less => left = row + 1,
                    _ => right = row,
                }
                row = left + (right - left) / 2;
            }
            last_difference = row - live;
        }
        found.push((ids[f] as u64) << 32 | row as u64);
    }
    let mut addresses = vec![0; offsets.len()];
    for (&i, address) in order.iter().zip(found) {
        addresses[i] = address;
    }
    addresses
}

fn report<R>(name: &str, n_ops: usize, mut op: impl FnMut(usize) -> R) {
    let mut least = f64::INFINITY;
    for i in 0..n_ops {
        let start = Instant::now();
        let found = black_box(op(i % 16));
        least = least.min(start.elapsed().as_secs_f64() * 1e6);
        drop(found);
    }
    println!("{name:28} {least:8.1}");
}

fn main() {
    let mut stream = Stream(7);
    let values: Vec<u32> = (0..32_771).map(|_| stream.next() as u32).collect();
    let asked: Vec<Vec<u32>> = (0..16).map(|_| stream.rows(32_771, 90_001)).collect();
    report("uniform/fixed-u32", 200, |i| take_values(black_box(&values), &asked[i]));

    let values: Vec<u32> = (0..65_539).map(|_| stream.next() as u32).collect();
    let mut rare = |n: usize| -> Vec<u8> {
        (0..n).map(|_| !(stream.next() & stream.next() & stream.next()) as u8).collect()
    };
    let bitmap = rare(8_193);
    let valid: Vec<Vec<u8>> = (0..16).map(|_| rare(5_001)).collect();
    let mut asked: Vec<Vec<u32>> = (0..16).map(|_| stream.rows(65_539, 40_003)).collect();
    for (indices, valid) in asked.iter_mut().zip(&valid) {
        let nulls: Vec<usize> = (0..40_003).filter(|&i| !is_set(valid, i)).step_by(2).collect();
        nulls.iter().for_each(|&i| indices[i] |= 1 << 31);
    }
    report("uniform/fixed-u32-nulls", 200, |i| {
        let taken = take_values_with_nulls(black_box(&values), &asked[i], &valid[i]);
        (taken, take_bits(&bitmap, values.len(), &asked[i], &valid[i]))
    });

    let values: Vec<u64> = (0..5_250_003).map(|_| stream.next()).collect();
    let asked: Vec<Vec<u32>> = (0..16).map(|_| stream.rows(5_250_003, 1_000_003)).collect();
    report("uniform/fixed-u64-large", 20, |i| take_values(black_box(&values), &asked[i]));

    for (name, dim, n, m, n_ops) in [
        ("uniform/rows-8", 8, 8_195, 8_003, 200),
        ("uniform/rows-128", 128, 1_003, 501, 200),
        ("uniform/rows-768", 768, 4_099, 503, 200),
    ] {
        let elements: Vec<u32> = (0..n * dim).map(|_| stream.next() as u32).collect();
        let asked: Vec<Vec<u32>> = (0..16).map(|_| stream.rows(n, m)).collect();
        report(name, n_ops, |i| take_rows(black_box(&elements), dim, &asked[i]));
    }

    for (name, low, high, n, m) in [
        ("uniform/strings-8..16", 8, 16, 16_387, 20_011),
        ("uniform/strings-10..200", 10, 200, 60_013, 10_007),
    ] {
        let mut offsets = vec![0i32];
        for j in 0..n {
            let length = if j % 64 == 32 { 0 } else { low + stream.below(high - low + 1) };
            offsets.push(offsets[j] + length as i32);
        }
        let data: Vec<u8> = (0..offsets[n]).map(|_| stream.next() as u8).collect();
        let asked: Vec<Vec<u32>> = (0..16).map(|_| stream.rows(n, m)).collect();
        report(name, 200, |i| take_strings(black_box(&offsets), &data, &asked[i]));
    }

    let returned: Vec<u64> = (0..1_003).map(|j| 1 << 62 | 3 * j).collect();
    for (name, m) in [("ascending/remap-1000", 1_001), ("windows/remap-10000", 10_007)] {
        let mut ask = |_| {
            let address = returned[stream.below(1_003)];
            if stream.below(32 * m / 1_000) == 0 { address + 1 } else { address }
        };
        let asked: Vec<Vec<u64>> = (0..16).map(|_| (0..m).map(&mut ask).collect()).collect();
        report(name, 200, |i| remap(black_box(&returned), &asked[i]));
    }

    let n = 1 << 18;
    for name in ["none", "few", "many", "half", "alternate"] {
        let (mut starts, mut deleted) = (vec![0i64], Vec::new());
        for f in 0..4 {
            for row in 0..n as u32 {
                if match name {
                    "none" => false,
                    "few" => stream.below(50) == 0,
                    "many" => stream.below(4) == 0,
                    "half" => row < n as u32 / 2,
                    _ => row % 2 == 0,
                } {
                    deleted.push(row);
                }
            }
            starts.push(deleted.len() as i64);
            assert!(f < 4);
        }
        let n_live = 4 * n - deleted.len();
        let asked: Vec<Vec<u64>> =
            (0..16).map(|_| (0..2_003).map(|_| stream.below(n_live) as u64).collect()).collect();
        report(&format!("{name}/offsets"), 200, |i| {
            map_offsets(black_box(&asked[i]), &[7, 5, 9, 1], &[n as i64; 4], &starts, &deleted)
        });
    }
}
