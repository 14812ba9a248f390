//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -C opt-level=3 -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 /tmp/lance_loops
//!
//! haswell is the CPU that Lance's builds name. Written anew after lance d2039d750, with the same layout and
//! the same order of work: a virtual call per row, which appends a range of the dictionary to a vector. Codes
//! are uniform, and lengths of strings too; the two variables let freed memory stay mapped, as a player does.
//! Prints the least of 200 ops, in ns.

use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

enum Block {
    Fixed { data: Vec<u8> },
    Variable { offsets: Vec<i32>, data: Vec<u8> },
}

trait Builder {
    fn append(&mut self, block: &Block, rows: Range<u64>);
    fn finish(self: Box<Self>) -> (Vec<i32>, Vec<u8>);
}

struct FixedBuilder {
    width: u64,
    values: Vec<u8>,
}

impl Builder for FixedBuilder {
    fn append(&mut self, block: &Block, rows: Range<u64>) {
        let Block::Fixed { data } = block else { panic!() };
        let (start, end) = (rows.start as usize * self.width as usize, rows.end as usize * self.width as usize);
        self.values.extend_from_slice(&data[start..end]);
    }

    fn finish(self: Box<Self>) -> (Vec<i32>, Vec<u8>) {
        (Vec::new(), self.values)
    }
}

struct VariableBuilder {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Builder for VariableBuilder {
    fn append(&mut self, block: &Block, rows: Range<u64>) {
        let Block::Variable { offsets, data } = block else { panic!() };
        let (first, last) = (rows.start as usize, rows.end as usize);
        let mut length = self.bytes.len();
        self.bytes.extend_from_slice(&data[offsets[first] as usize..offsets[last] as usize]);
        self.offsets.extend(offsets[first..last].iter().zip(&offsets[first + 1..=last]).map(|(&from, &to)| {
            length += (to - from) as usize;
            i32::try_from(length).unwrap()
        }));
    }

    fn finish(self: Box<Self>) -> (Vec<i32>, Vec<u8>) {
        (self.offsets, self.bytes)
    }
}

trait Code: Copy {
    fn value(self) -> u64;
}

macro_rules! code {
    ($($t:ty),*) => { $(impl Code for $t { fn value(self) -> u64 { self as u64 } })* };
}
code!(u8, u16, u32);

#[inline(never)]
fn decode<T: Code>(block: &Block, card: usize, width: u64, codes: &[T]) -> (Vec<i32>, Vec<u8>) {
    let bytes = match block {
        Block::Fixed { data } => data.len(),
        Block::Variable { offsets, data } => data.len() + 4 * offsets.len(),
    };
    let estimate = bytes * (codes.len() + card - 1) / card;
    let mut builder: Box<dyn Builder> = match block {
        Block::Fixed { .. } => Box::new(FixedBuilder { width, values: Vec::with_capacity(estimate) }),
        Block::Variable { .. } => {
            Box::new(VariableBuilder { offsets: vec![0], bytes: Vec::with_capacity(estimate) })
        }
    };
    // Lance's builder is made elsewhere, so that rustc knows nothing of what it calls
    let builder_of_some_kind = black_box(&mut builder);
    for &code in codes {
        let code = code.value();
        builder_of_some_kind.append(block, code..code + 1);
    }
    builder.finish()
}

const BLOCKS: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];

/// 1,024 codes of a width that is known when this is compiled, as in Lance.
#[inline(never)]
fn unpack<const W: usize>(payload: &[u32], codes: &mut [u32; 1024]) {
    let payload = &payload[..32 * W];
    let mask = ((1u64 << W) - 1) as u32;
    for row in 0..32 {
        let (word, shift) = (row * W / 32 * 32, row * W % 32);
        let to = &mut codes[BLOCKS[row / 8] * 16 + row % 8 * 128..][..32];
        for lane in 0..32 {
            let low = payload[word + lane] >> shift;
            to[lane] = mask & if shift + W > 32 { low | payload[word + 32 + lane] << (32 - shift) } else { low };
        }
    }
}

fn pack(codes: &[u32], w: usize) -> Vec<u32> {
    let mut words = Vec::new();
    for chunk in codes.chunks(1024) {
        let start = words.len() + 1;
        words.resize(start + 32 * w, 0);
        words[start - 1] = w as u32;
        for row in 0..32 {
            for lane in 0..32 {
                let code = chunk.get(BLOCKS[row / 8] * 16 + row % 8 * 128 + lane).copied().unwrap_or(0);
                for b in 0..w {
                    let at = row * w + b;
                    words[start + at / 32 * 32 + lane] |= (code >> b & 1) << (at % 32);
                }
            }
        }
    }
    words
}

#[inline(never)]
fn unpacked(words: &[u32], n: usize) -> Vec<u32> {
    let mut all: Vec<u32> = Vec::with_capacity(n);
    let mut at = 0;
    for first in (0..n).step_by(1024) {
        let w = words[at] as usize;
        let payload = &words[at + 1..at + 1 + 32 * w];
        let mut chunk = vec![0u32; 1024];
        let codes: &mut [u32; 1024] = chunk.as_mut_slice().try_into().unwrap();
        match w {
            5 => unpack::<5>(payload, codes),
            12 => unpack::<12>(payload, codes),
            14 => unpack::<14>(payload, codes),
            _ => panic!(),
        }
        all.extend_from_slice(&chunk[..(n - first).min(1024)]);
        at += 1 + 32 * w;
    }
    all
}

fn least<R>(mut op: impl FnMut() -> R) -> u128 {
    (0..200)
        .map(|_| {
            let start = Instant::now();
            black_box(op());
            start.elapsed().as_nanos()
        })
        .min()
        .unwrap()
}

fn main() {
    let mut state = 1u64;
    let mut draw = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    println!("{:>17} {:>9} {:>9} {:>6} {:>11} {:>9}", "shape", "rows", "card", "codes", "decode_ns", "unpack_ns");
    // name, rows, entries, bytes of a value (or 0), least and most bytes of a string, bytes of a code, packed width
    for (name, n, card, width, lengths, code_bytes, w) in [
        ("strings-12B-32Ki", 32_771, 20, 0, (12, 12), 4, 0),
        ("strings-60B-8Ki", 8_195, 4_000, 0, (5, 60), 4, 0),
        ("strings-60B-256Ki", 262_147, 65_500, 0, (5, 60), 4, 0),
        ("fixed-1B-512Ki", 524_291, 16, 1, (0, 0), 1, 0),
        ("fixed-4B-64Ki", 65_539, 4_000, 4, (0, 0), 2, 0),
        ("fixed-16B-large", 786_435, 1_700_000, 16, (0, 0), 4, 0),
        ("packed-16B-32Ki", 32_771, 3_000, 16, (0, 0), 4, 12),
        ("packed-12B-12Ki", 12_291, 20, 0, (12, 12), 4, 5),
        ("packed-60B-64Ki", 65_539, 16_000, 0, (5, 60), 4, 14),
    ] {
        let mut offsets = vec![0i32];
        for _ in 0..card {
            let length = if width > 0 { width } else { lengths.0 + draw() % (lengths.1 - lengths.0 + 1) };
            offsets.push(offsets.last().unwrap() + length as i32);
        }
        let data: Vec<u8> = (0..*offsets.last().unwrap()).map(|_| draw() as u8).collect();
        let block = if width > 0 { Block::Fixed { data } } else { Block::Variable { offsets, data } };
        let codes: Vec<u32> = (0..2 * n).map(|_| (draw() % card) as u32).collect();
        let (bytes, shorts): (Vec<u8>, Vec<u16>) = codes.iter().map(|&code| (code as u8, code as u16)).unzip();
        let words = if w > 0 { pack(&codes[..n], w) } else { Vec::new() };
        if w > 0 {
            assert_eq!(unpacked(&words, n), codes[..n]);
        }
        // other codes in each op, or the CPU would know all branches by heart
        let mut turn = 0;
        let mut next = || {
            turn = (turn + n / 8 * 3 + 1) % n;
            turn
        };
        let decoding = match code_bytes {
            1 => least(|| decode(black_box(&block), card, width as u64, &bytes[next()..][..n])),
            2 => least(|| decode(black_box(&block), card, width as u64, &shorts[next()..][..n])),
            _ => least(|| decode(black_box(&block), card, width as u64, &codes[next()..][..n])),
        };
        let unpacking = if w > 0 { least(|| unpacked(black_box(&words), n)) } else { 0 };
        println!("{name:>17} {n:>9} {card:>9} {code_bytes:>6} {decoding:>11} {unpacking:>9}");
    }
}
