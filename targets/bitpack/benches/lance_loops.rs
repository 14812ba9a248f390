//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -O -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after lance d2039d750: one function for each width,
//! lanes in the outer loop and rows written out in it; a chunk of `inline` allocates zeros, copies its input,
//! unpacks and is appended to the page; a buffer of `levels` is unpacked into memory of its own and appended.
//! The page keeps its memory from op to op. Values are uniform; prints the least of half a second of ops, in us.

use std::hint::black_box;
use std::time::Instant;

const ORDER: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];
const CHUNK: usize = 1024;

macro_rules! unpacker {
    ($name:ident, $word:ty, $bits:literal, [$($row:literal)*], [$($width:literal)*]) => {
        mod $name {
            use super::{CHUNK, ORDER};
            const BITS: usize = $bits;
            const LANES: usize = CHUNK / BITS;

            fn mask(width: usize) -> $word {
                if width == BITS { <$word>::MAX } else { ((1 as $word) << (width % BITS)) - 1 }
            }

            /// One width: all rows of a lane, and all lanes one after the other.
            fn unpack<const WIDTH: usize>(packed: &[$word], values: &mut [$word; CHUNK]) {
                assert!(packed.len() == LANES * WIDTH);
                for lane in 0..LANES {
                    let mut word = packed[lane];
                    $(
                        let first = $row * WIDTH / BITS;
                        let next = ($row + 1) * WIDTH / BITS;
                        let shift = $row * WIDTH % BITS;
                        let value;
                        if WIDTH == BITS {
                            value = packed[LANES * $row + lane];
                        } else if next > first {
                            let high = ($row + 1) * WIDTH % BITS;
                            let low = WIDTH - high;
                            let mut joined = (word >> shift) & mask(low);
                            if next < WIDTH {
                                word = packed[LANES * next + lane];
                                joined |= (word & mask(high)) << low;
                            }
                            value = joined;
                        } else {
                            value = (word >> shift) & mask(WIDTH);
                        }
                        values[ORDER[$row / 8] * 16 + $row % 8 * 128 + lane] = value;
                    )*
                    let _ = word;
                }
            }

            pub fn by_width(width: usize, packed: &[$word], values: &mut [$word]) {
                let values: &mut [$word; CHUNK] = values.try_into().unwrap();
                match width {
                    0 => values.fill(0),
                    $($width => unpack::<$width>(packed, values),)*
                    _ => unreachable!("unsupported width: {width}"),
                }
            }

            /// Chunks of any width, each with a header.
            #[inline(never)]
            #[allow(dead_code)] // of 16 bits there are only levels
            pub fn inline(words: &[$word], starts: &[usize], n_values: usize, page: &mut Vec<$word>) {
                page.clear();
                for c in 0..starts.len() - 1 {
                    let chunk = &words[starts[c]..starts[c + 1]];
                    let mut values = vec![0; CHUNK];
                    let copy = chunk.to_vec();
                    let width = copy[0] as usize;
                    assert!(copy.len() == 1 + LANES * width);
                    by_width(width, &copy[1..], &mut values);
                    values.truncate(n_values - c * CHUNK);
                    page.extend_from_slice(&values);
                }
            }

            /// One buffer of one width, its tail packed or raw.
            #[inline(never)]
            pub fn out_of_line(words: &[$word], width: usize, n_values: usize, out: &mut Vec<$word>) {
                out.clear();
                let step = (CHUNK * width).div_ceil(BITS);
                let (whole, tail) = (n_values / CHUNK, n_values % CHUNK);
                let raw = tail > 0 && words.len() == whole * step + tail;
                unsafe { out.set_len(whole * CHUNK) };
                for c in 0..whole {
                    by_width(width, &words[c * step..][..step], &mut out[c * CHUNK..][..CHUNK]);
                }
                if raw {
                    out.extend_from_slice(&words[whole * step..][..tail]);
                } else if tail > 0 {
                    unsafe { out.set_len((whole + 1) * CHUNK) };
                    by_width(width, &words[whole * step..][..step], &mut out[whole * CHUNK..][..CHUNK]);
                    out.truncate(n_values);
                }
            }
        }
    };
}

unpacker!(u16s, u16, 16, [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15], [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16]);
unpacker!(u32s, u32, 32,
    [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31],
    [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32]);
unpacker!(u64s, u64, 64,
    [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
     32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63],
    [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
     33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64]);

/// The definition and repetition levels of a page, buffer by buffer.
#[inline(never)]
fn levels(words: &[u16], starts: &[usize], width: usize, n_values: &[usize], page: &mut Vec<u16>) {
    page.clear();
    for b in 0..n_values.len() {
        let mut values = Vec::with_capacity(n_values[b] + CHUNK);
        u16s::out_of_line(&words[starts[b]..starts[b + 1]], width, n_values[b], &mut values);
        page.extend(values.iter().copied());
    }
}

fn least_us(mut op: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut least = u128::MAX;
    while begin.elapsed().as_secs_f64() < 0.5 {
        let start = Instant::now();
        op();
        least = least.min(start.elapsed().as_nanos());
    }
    least as f64 / 1e3
}

/// Lance decodes on the threads of a pool, where `malloc` must take a lock: so do we.
fn main() {
    std::thread::spawn(measure).join().unwrap();
}

fn measure() {
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state ^ (state >> 32)
    };
    println!("{:<28} {:>9}", "op", "least us");

    // Widths as in inputs.py; where it has runs, these are of six chunks.
    macro_rules! inline_op {
        ($name:literal, $module:ident, $word:ty, $bits:literal, $n_chunks:expr, $width:expr) => {{
            let (mut words, mut starts): (Vec<$word>, Vec<usize>) = (vec![], vec![0]);
            for _ in 0..$n_chunks {
                let width: usize = $width;
                words.push(width as $word);
                words.extend((0..CHUNK / $bits * width).map(|_| draw() as $word));
                starts.push(words.len());
            }
            let mut page = Vec::with_capacity($n_chunks * CHUNK);
            let us = least_us(|| {
                $module::inline(black_box(&words), black_box(&starts), black_box($n_chunks * CHUNK - 7), &mut page);
                black_box(&page);
            });
            println!("{:<28} {us:>9.1}", $name);
        }};
    }
    macro_rules! plain_op {
        ($name:literal, $module:ident, $word:ty, $bits:literal, $n_chunks:expr, $width:expr) => {{
            let words: Vec<$word> = (0..$n_chunks * CHUNK / $bits * $width).map(|_| draw() as $word).collect();
            let mut page = Vec::with_capacity($n_chunks * CHUNK);
            let us = least_us(|| {
                $module::out_of_line(black_box(&words), $width, black_box($n_chunks * CHUNK - 7), &mut page);
                black_box(&page);
            });
            println!("{:<28} {us:>9.1}", $name);
        }};
    }
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        turn
    };
    inline_op!("timestamps/inline-u32-128", u32s, u32, 32, 128, if next() % 32 == 0 { 32 } else { (draw() >> 40) as usize % 21 });
    inline_op!("codes/inline-u32-128", u32s, u32, 32, 128, 5 + (draw() >> 40) as usize % 4);
    inline_op!("runs/inline-u32-128", u32s, u32, 32, 128, [0, 13, 32, 7, 20, 1][next() / 6 % 6]);
    inline_op!("even/inline-u64-64", u64s, u64, 64, 64, 23);
    inline_op!("timestamps/inline-u32-6656", u32s, u32, 32, 6656, if next() % 32 == 0 { 32 } else { (draw() >> 40) as usize % 21 });
    plain_op!("packed/column-u32-512", u32s, u32, 32, 512, 13);
    plain_op!("packed/column-u64-256", u64s, u64, 64, 256, 23);
    for (name, width, n_buffers, most, full) in [
        ("nulls/levels-400", 1, 400, 4096, 75),
        ("lists/levels-400", 2, 400, 4096, 0),
        ("short/levels-220", 1, 220, 900, 0),
    ] {
        let (mut words, mut starts, mut n_values): (Vec<u16>, Vec<usize>, Vec<usize>) = (vec![], vec![0], vec![]);
        for _ in 0..n_buffers {
            let n = if (draw() >> 40) % 100 < full { 4096 } else { 1 + (draw() >> 40) as usize % most };
            let (whole, tail) = (n / CHUNK, n % CHUNK);
            let packed = width * (CHUNK - tail) < (16 - width) * tail;
            let length = whole * 64 * width + if packed { 64 * width } else { tail };
            words.extend((0..length).map(|_| draw() as u16));
            starts.push(words.len());
            n_values.push(n);
        }
        let mut page = Vec::with_capacity(n_values.iter().sum());
        let us = least_us(|| {
            levels(black_box(&words), black_box(&starts), black_box(width), black_box(&n_values), &mut page);
            black_box(&page);
        });
        println!("{:<28} {us:>9.1}", name);
    }
}
