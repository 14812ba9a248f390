//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -C opt-level=3 -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     /tmp/lance_loops FOLDER    # which write_ops.py has filled
//!
//! haswell is the CPU that Lance's builds name. Written anew after what Lance 1501eff2b and bitpacking 0.9.3 do,
//! with the same order of work. Prints the least time of one op and the median of the ops' least times, in us.

use std::arch::x86_64::*;
use std::hint::black_box;
use std::time::Instant;

const BLOCK: usize = 128;
const MOST_STEPS: usize = 8;
const NOWHERE: u64 = u64::MAX;

/// The lists of one op, in either form.
struct Lists {
    is_packed: bool,
    docs: Vec<u32>,
    list_start: Vec<i64>,
    blob: Vec<u8>,
    block_start: Vec<i64>,
    firsts: Vec<u32>,
    blocks_of_list: Vec<i64>,
    length: Vec<i64>,
    queries: Vec<i32>,
    m: usize,
}

/// One list of a query, and where the search in it has come to.
struct Cursor<'a, const PACKED: bool> {
    lists: &'a Lists,
    base: usize,
    n_docs: usize,
    block: usize,
    loaded: usize,
    index: usize,
    current: u64,
    buffer: Box<[u32; BLOCK]>,
    unpacked: Vec<u32>,
}

impl<'a, const PACKED: bool> Cursor<'a, PACKED> {
    fn new(lists: &'a Lists, v: usize) -> Self {
        let (base, n_docs) = if PACKED {
            (lists.blocks_of_list[v] as usize, lists.length[v] as usize)
        } else {
            (lists.list_start[v] as usize, (lists.list_start[v + 1] - lists.list_start[v]) as usize)
        };
        Cursor {
            lists,
            base,
            n_docs,
            block: 0,
            loaded: usize::MAX,
            index: 0,
            current: 0,
            buffer: Box::new([0; BLOCK]),
            unpacked: Vec::with_capacity(BLOCK),
        }
    }

    fn n_blocks(&self) -> usize {
        self.n_docs.div_ceil(BLOCK)
    }

    #[inline]
    fn first_doc(&self, block: usize) -> u32 {
        if PACKED {
            self.lists.firsts[self.base + block]
        } else {
            self.lists.docs[self.base + BLOCK * block]
        }
    }

    #[inline]
    fn block_of(&self, mut block: usize, doc: u32) -> usize {
        let mut steps = 0;
        while block + 1 < self.n_blocks() && steps < MOST_STEPS {
            if self.first_doc(block + 1) > doc {
                return block;
            }
            block += 1;
            steps += 1;
        }
        if block + 1 >= self.n_blocks() {
            return block;
        }
        let (mut left, mut right) = (block + 1, self.n_blocks());
        while left < right {
            let middle = left + (right - left) / 2;
            if self.first_doc(middle) <= doc {
                left = middle + 1;
            } else {
                right = middle;
            }
        }
        left - 1
    }

    /// Have the current block unpacked, and return its documents.
    #[inline]
    fn load(&mut self) -> &[u32] {
        let n = BLOCK.min(self.n_docs - BLOCK * self.block);
        if !PACKED {
            let start = self.base + BLOCK * self.block;
            return &self.lists.docs[start..start + n];
        }
        if self.loaded != self.block {
            self.loaded = self.block;
            let start = self.lists.block_start[self.base + self.block] as usize;
            let end = self.lists.block_start[self.base + self.block + 1] as usize;
            let block = &self.lists.blob[start + 4..end];
            self.unpacked.clear();
            if n == BLOCK {
                let first = u32::from_le_bytes(block[0..4].try_into().unwrap());
                unpack(first, &block[5..], &mut self.buffer, block[4]);
                self.unpacked.extend_from_slice(&self.buffer[..]);
            } else {
                for bytes in block.chunks_exact(4).take(n) {
                    self.unpacked.push(u32::from_le_bytes(bytes.try_into().unwrap()));
                }
            }
        }
        &self.unpacked
    }

    /// Move to the first document that is not below `least`.
    #[inline]
    fn seek(&mut self, least: u64, by_vector: bool) {
        let least = least as u32;
        self.block = self.block_of(self.index / BLOCK, least);
        self.index = self.index.max(self.block * BLOCK);
        while self.index < self.n_docs {
            let offset = self.index % BLOCK;
            self.block = self.index / BLOCK;
            let block = self.block;
            let docs = self.load();
            let found = if by_vector {
                unsafe { next_from(docs.as_ptr(), offset, docs.len(), least) }
            } else {
                offset + docs[offset..].partition_point(|&doc| doc < least)
            };
            if found < docs.len() {
                let doc = docs[found];
                self.index = block * BLOCK + found;
                self.current = doc as u64;
                return;
            }
            self.index = (block + 1) * BLOCK;
        }
        self.current = NOWHERE;
    }
}

#[target_feature(enable = "avx2")]
#[inline]
unsafe fn next_from(docs: *const u32, mut place: usize, end: usize, target: u32) -> usize {
    let sign = _mm256_set1_epi32(i32::MIN);
    let targets = _mm256_xor_si256(_mm256_set1_epi32(target as i32), sign);
    while place + 8 < end {
        if *docs.add(place + 8) < target {
            place += 9;
            continue;
        }
        let eight = _mm256_xor_si256(_mm256_loadu_si256(docs.add(place) as *const __m256i), sign);
        let below = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(targets, eight))) as u32;
        if below != 0xFF {
            return place + below.trailing_ones() as usize;
        }
        return place + 8;
    }
    while place < end && *docs.add(place) < target {
        place += 1;
    }
    place
}

type Window = (*const u32, usize, usize);

#[target_feature(enable = "avx2")]
unsafe fn merge_two(windows: &[Window], found: &mut Vec<u32>) {
    let (first, mut i, i_end) = windows[0];
    let (second, mut j, j_end) = windows[1];
    while i < i_end {
        let doc = *first.add(i);
        j = next_from(second, j, j_end, doc);
        if j >= j_end {
            return;
        }
        let other = *second.add(j);
        if other > doc {
            i = next_from(first, i + 1, i_end, other);
            continue;
        }
        found.push(doc);
        i += 1;
    }
}

#[target_feature(enable = "avx2")]
unsafe fn merge_three(windows: &[Window], found: &mut Vec<u32>) {
    let (first, mut i, i_end) = windows[0];
    let (second, mut j, j_end) = windows[1];
    let (third, mut k, k_end) = windows[2];
    while i < i_end {
        let doc = *first.add(i);
        j = next_from(second, j, j_end, doc);
        if j >= j_end {
            return;
        }
        let other = *second.add(j);
        if other > doc {
            i = next_from(first, i + 1, i_end, other);
            continue;
        }
        k = next_from(third, k, k_end, doc);
        if k >= k_end {
            return;
        }
        let other = *third.add(k);
        if other > doc {
            i = next_from(first, i + 1, i_end, other);
            continue;
        }
        found.push(doc);
        i += 1;
    }
}

#[inline(never)]
fn in_windows<const PACKED: bool>(cursors: &mut [Cursor<PACKED>], found: &mut Vec<u32>) {
    let mut target = cursors.iter().map(|one| one.first_doc(0) as u64).max().unwrap();
    let mut windows: Vec<Window> = Vec::with_capacity(cursors.len());
    let mut batch: Vec<u32> = Vec::with_capacity(2 * BLOCK);
    loop {
        let mut end = NOWHERE;
        for one in cursors.iter_mut() {
            one.block = one.block_of(one.block, target as u32);
            if one.block + 1 < one.n_blocks() {
                end = end.min((one.first_doc(one.block + 1) as u64).saturating_sub(1));
            }
        }
        windows.clear();
        let (mut is_empty, mut exhausted) = (false, false);
        for one in cursors.iter_mut() {
            let is_last = one.block + 1 >= one.n_blocks();
            let docs = one.load();
            let low = docs.partition_point(|&doc| doc < target as u32);
            let high = if end == NOWHERE {
                docs.len()
            } else {
                low + docs[low..].partition_point(|&doc| doc <= end as u32)
            };
            if low == high {
                exhausted = is_last && docs.last().is_none_or(|&doc| doc < target as u32);
                is_empty = true;
                break;
            }
            windows.push((docs.as_ptr(), low, high));
        }
        if exhausted {
            return;
        }
        if !is_empty {
            batch.clear();
            unsafe {
                if windows.len() == 2 {
                    merge_two(&windows, &mut batch);
                } else {
                    merge_three(&windows, &mut batch);
                }
            }
            found.extend_from_slice(&batch);
        }
        if end == NOWHERE {
            return;
        }
        target = end + 1;
    }
}

#[inline(never)]
fn leapfrog<const PACKED: bool>(cursors: &mut [Cursor<PACKED>], found: &mut Vec<u32>) {
    let by_vector = matches!(cursors.len(), 4 | 5);
    for one in cursors.iter_mut() {
        one.current = one.first_doc(0) as u64;
    }
    'head: loop {
        let doc = cursors[0].current;
        if doc == NOWHERE {
            return;
        }
        for j in 1..cursors.len() {
            if cursors[j].current < doc {
                cursors[j].seek(doc, by_vector);
            }
            let next = cursors[j].current;
            if next == NOWHERE {
                return;
            }
            if next > doc {
                cursors[0].seek(next, by_vector);
                continue 'head;
            }
        }
        found.push(doc as u32);
        if doc == u32::MAX as u64 {
            return;
        }
        cursors[0].seek(doc + 1, by_vector);
    }
}

fn answer<const PACKED: bool>(lists: &Lists) -> (Vec<i64>, Vec<u32>) {
    let (mut start, mut ids) = (vec![0], Vec::new());
    for query in lists.queries.chunks(lists.m) {
        let mut cursors: Vec<Cursor<PACKED>> =
            query.iter().filter(|&&v| v >= 0).map(|&v| Cursor::new(lists, v as usize)).collect();
        if cursors.len() == query.len() && cursors.iter().all(|one| one.n_docs > 0) {
            cursors.sort_by_key(|one| one.n_docs);
            if matches!(cursors.len(), 2 | 3) {
                in_windows(&mut cursors, &mut ids);
            } else {
                leapfrog(&mut cursors, &mut ids);
            }
        }
        start.push(ids.len() as i64);
    }
    (start, ids)
}

macro_rules! slot {
    ($slot:literal, $input:ident, $output:ident, $word:ident, $last:ident) => {{
        let shift = $slot * WIDTH % 32;
        let mut four = if WIDTH == 0 { _mm_setzero_si128() } else { _mm_srl_epi32($word, _mm_cvtsi32_si128(shift)) };
        if shift + WIDTH >= 32 && $slot < 31 {
            $word = _mm_loadu_si128($input.add(($slot * WIDTH / 32 + 1) as usize));
            if shift + WIDTH > 32 {
                four = _mm_or_si128(four, _mm_sll_epi32($word, _mm_cvtsi32_si128(32 - shift)));
            }
        }
        if WIDTH < 32 {
            four = _mm_and_si128(four, _mm_set1_epi32(((1u64 << WIDTH) - 1) as i32));
        }
        four = _mm_add_epi32(_mm_slli_si128(four, 8), four);
        four = _mm_add_epi32(_mm_slli_si128(four, 4), four);
        $last = _mm_add_epi32(_mm_shuffle_epi32($last, 0xff), four);
        _mm_storeu_si128($output.add($slot), $last);
    }};
}

macro_rules! slots {
    ($($slot:literal)*, $input:ident, $output:ident, $word:ident, $last:ident) => {
        $(slot!($slot, $input, $output, $word, $last);)*
    };
}

#[inline(never)]
unsafe fn unpack_width<const WIDTH: i32>(first: u32, packed: &[u8], buffer: &mut [u32; BLOCK]) {
    assert!(packed.len() >= 16 * WIDTH as usize);
    let input = packed.as_ptr() as *const __m128i;
    let output = buffer.as_mut_ptr() as *mut __m128i;
    let mut last = _mm_set1_epi32(first as i32);
    let mut word = if WIDTH == 0 { _mm_setzero_si128() } else { _mm_loadu_si128(input) };
    slots!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31, input, output, word, last);
    let _ = word;
}

macro_rules! widths {
    ($width:ident, $arguments:tt, $($number:literal)*) => {
        match $width { $($number => unpack_width::<$number> $arguments,)* _ => panic!("width {}", $width) }
    };
}

fn unpack(first: u32, packed: &[u8], buffer: &mut [u32; BLOCK], width: u8) {
    unsafe {
        widths!(width, (first, packed, buffer), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
    }
}

/// An op as write_ops.py leaves it: the form, m, then each array behind its number of bytes.
fn read(path: &std::path::Path) -> (Lists, Vec<i64>, Vec<u32>) {
    let file = std::fs::read(path).unwrap();
    let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let (is_packed, m) = (word(0) == 1, word(8));
    let (mut at, mut parts) = (16, Vec::new());
    while at < file.len() {
        parts.push(file[at + 8..at + 8 + word(at)].to_vec());
        at += 8 + word(at);
    }
    let u32s = |bytes: &[u8]| bytes.chunks(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect::<Vec<_>>();
    let i64s = |bytes: &[u8]| bytes.chunks(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect::<Vec<_>>();
    let n = parts.len();
    let queries = u32s(&parts[n - 3]).into_iter().map(|v| v as i32).collect();
    let (start, ids) = (i64s(&parts[n - 2]), u32s(&parts[n - 1]));
    let mut lists = Lists {
        is_packed,
        docs: vec![],
        list_start: vec![],
        blob: vec![],
        block_start: vec![],
        firsts: vec![],
        blocks_of_list: vec![],
        length: vec![],
        queries,
        m,
    };
    if is_packed {
        lists.blob = std::mem::take(&mut parts[0]);
        lists.block_start = i64s(&parts[1]);
        lists.firsts = u32s(&parts[2]);
        lists.blocks_of_list = i64s(&parts[3]);
        lists.length = i64s(&parts[4]);
    } else {
        lists.docs = u32s(&parts[0]);
        lists.list_start = i64s(&parts[1]);
    }
    (lists, start, ids)
}

fn main() {
    let folder = std::env::args().nth(1).expect("expected the folder that write_ops.py has filled");
    let mut combos: Vec<_> = std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    combos.sort();
    for combo in combos {
        let mut least = Vec::new();
        let mut files: Vec<_> = std::fs::read_dir(&combo).unwrap().map(|one| one.unwrap().path()).collect();
        files.sort();
        for file in files {
            let (lists, start, ids) = read(&file);
            let answer = if lists.is_packed { answer::<true> } else { answer::<false> };
            assert_eq!(answer(&lists), (start, ids), "{file:?}");
            let times = (0..30).map(|_| {
                let begun = Instant::now();
                black_box(answer(black_box(&lists)));
                begun.elapsed().as_secs_f64() * 1e6
            });
            least.push(times.fold(f64::INFINITY, f64::min));
        }
        least.sort_by(f64::total_cmp);
        let name = combo.file_name().unwrap().to_string_lossy().into_owned();
        println!("{name:28} {:8.0} {:8.0}", least[0], least[least.len() / 2]);
    }
}
