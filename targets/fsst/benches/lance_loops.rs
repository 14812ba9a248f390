//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     uv run python targets/fsst/benches/written_inputs.py /tmp/fsst_inputs
//!     rustc --edition 2021 -O -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     /tmp/lance_loops /tmp/fsst_inputs
//!
//! haswell is the CPU that Lance's builds name. Written anew after lance d2039d750, with the same layout and the
//! same order of work: buffers, zeros and copies as Lance makes them. Prints for every file the least time of one
//! op in ns, as Lance does it and with the baseline's check of codes.

use std::hint::black_box;
use std::time::Instant;

const ESCAPE: u8 = 255;

trait Offset: Copy + Default {
    fn from(value: i64) -> Self;
    fn to(self) -> usize;
}
impl Offset for i32 {
    fn from(value: i64) -> i32 { value as i32 }
    fn to(self) -> usize { self as usize }
}
impl Offset for i64 {
    fn from(value: i64) -> i64 { value }
    fn to(self) -> usize { self as usize }
}

struct Decoder {
    symbols: [u64; 256],
    lengths: [u8; 256],
}

fn decoder(table: &[u8]) -> Decoder {
    assert!(&table[4..8] == b"TSSF" && table[3] == 1);
    let mut made = Decoder { symbols: [0; 256], lengths: [0; 256] };
    let n = table[0] as usize;
    let mut at = 8;
    for code in 0..n {
        made.symbols[code] = u64::from_le_bytes(table[at..at + 8].try_into().unwrap());
        at += 8;
    }
    for code in 0..n {
        made.lengths[code] = table[at];
        at += 1;
    }
    made
}

/// Decode all strings; with CHECKED, panic at a code without a symbol, as the baseline refuses it.
#[inline(never)]
fn decompress<T: Offset, const CHECKED: bool>(
    table: &[u8], codes: &[u8], offsets: &[T], out: &mut Vec<u8>, ends: &mut Vec<T>,
) {
    let made = decoder(table);
    let (symbols, lengths) = (made.symbols, made.lengths);
    let mut out_at = 0usize;
    let mut unknown = 0i64;
    ends[0] = T::from(0);
    macro_rules! symbol {
        ($at:expr) => {
            let code = codes[$at] as usize;
            let length = lengths[code] as usize;
            unsafe { std::ptr::write_unaligned(out.as_mut_ptr().add(out_at) as *mut u64, symbols[code]) };
            if CHECKED { unknown |= length as i64 - 1; }
            out_at += length;
        };
    }
    macro_rules! literal {
        ($at:expr) => {
            out[out_at] = codes[$at];
            out_at += 1;
        };
    }
    for i in 1..offsets.len() {
        let mut at = offsets[i - 1].to();
        let end = offsets[i].to();
        while at + 4 <= end {
            let four = unsafe { std::ptr::read_unaligned(codes.as_ptr().add(at) as *const u32) };
            let mask = (four & 0x80808080) & (((!four & 0x7F7F7F7F) + 0x7F7F7F7F) ^ 0x80808080);
            if mask == 0 {
                symbol!(at);
                symbol!(at + 1);
                symbol!(at + 2);
                symbol!(at + 3);
                at += 4;
            } else {
                match mask.trailing_zeros() >> 3 {
                    3 => { symbol!(at); symbol!(at + 1); symbol!(at + 2); literal!(at + 4); at += 5; }
                    2 => { symbol!(at); symbol!(at + 1); literal!(at + 3); at += 4; }
                    1 => { symbol!(at); literal!(at + 2); at += 3; }
                    _ => { literal!(at + 1); at += 2; }
                }
            }
        }
        if at + 2 <= end {
            if codes[at] != ESCAPE {
                symbol!(at);
                if codes[at + 1] != ESCAPE {
                    symbol!(at + 1);
                    at += 2;
                } else {
                    literal!(at + 2);
                    at += 3;
                }
            } else {
                literal!(at + 1);
                at += 2;
            }
        }
        if at < end {
            symbol!(at);
        }
        if CHECKED && unknown < 0 { panic!("string {i}"); }
        ends[i] = T::from(out_at as i64);
    }
    out.resize(out_at, 0);
    ends.resize(offsets.len(), T::default());
}

#[inline(never)]
fn batch<T: Offset, const CHECKED: bool>(table: &[u8], codes: &[u8], offsets: &[T]) -> (Vec<u8>, Vec<T>) {
    let mut out = vec![0u8; 8 * codes.len()];
    let mut ends = vec![T::default(); offsets.len()];
    decompress::<T, CHECKED>(table, codes, offsets, &mut out, &mut ends);
    (out, ends)
}

#[inline(never)]
fn page<const CHECKED: bool>(table: &[u8], page: &[u8], starts: &[i64], text_bytes: usize) -> (Vec<u8>, Vec<i32>) {
    let mut data: Vec<u8> = Vec::with_capacity(text_bytes);
    let mut offsets: Vec<i32> = vec![0];
    for bounds in starts.windows(2) {
        let chunk = &page[bounds[0] as usize..bounds[1] as usize];
        let four = |at: usize| u32::from_le_bytes(chunk[at..at + 4].try_into().unwrap());
        let first = four(0);
        let n = first as usize / 4 - 1;
        let own: Vec<i32> = (0..=n).map(|i| (four(4 * i) - first) as i32).collect();
        let codes = chunk[first as usize..first as usize + own[n] as usize].to_vec();
        let (text, ends) = batch::<i32, CHECKED>(table, black_box(&codes), black_box(&own));
        let mut before = data.len() as i32;
        data.extend_from_slice(&text);
        offsets.extend(ends.windows(2).map(|pair| { before += pair[1] - pair[0]; before }));
    }
    (data, offsets)
}

fn least(times: usize, mut call: impl FnMut()) -> u128 {
    (0..times)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed().as_nanos()
        })
        .min()
        .unwrap()
}

fn measure<const CHECKED: bool>(method: i64, wide: bool, table: &[u8], bounds: &[i64], array: &[u8]) -> u128 {
    let narrow: Vec<i32> = bounds.iter().map(|&bound| bound as i32).collect();
    let times = if array.len() > 1 << 22 { 20 } else { 500 };
    let text_bytes = if method == 1 { page::<false>(table, array, bounds, 0).0.len() } else { 0 };
    least(times, || match (method, wide) {
        (0, true) => { black_box(batch::<i64, CHECKED>(table, black_box(array), black_box(bounds))); }
        (0, false) => { black_box(batch::<i32, CHECKED>(table, black_box(array), black_box(&narrow))); }
        (1, _) => { black_box(page::<CHECKED>(table, black_box(array), black_box(bounds), text_bytes)); }
        _ => {
            for pair in bounds.windows(2) {
                black_box(page::<CHECKED>(table, black_box(array), black_box(pair), 16_384));
            }
        }
    })
}

fn main() {
    let folder = std::env::args().nth(1).expect("expected the folder that written_inputs.py filled");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    println!("{:>28} {:>12} {:>12}", "combo", "Lance, ns", "checked, ns");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let number = |i: usize| i64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().unwrap());
        let n = number(2) as usize;
        let table = &bytes[32..32 + 2312];
        let bounds: Vec<i64> = (0..n).map(|i| number((32 + 2312) / 8 + i)).collect();
        let array = &bytes[32 + 2312 + 8 * n..];
        assert_eq!(array.len() as i64, number(3));
        let wide = number(1) == 8;
        let plain = measure::<false>(number(0), wide, table, &bounds, array);
        let checked = measure::<true>(number(0), wide, table, &bounds, array);
        println!("{:>28} {plain:>12} {checked:>12}", file.file_name().unwrap().to_string_lossy());
    }
}
