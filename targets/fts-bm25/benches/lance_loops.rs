//! The baseline's loops as Rust, to see what rustc makes of them beside what Numba makes of baseline.py.
//!
//!     rustc --edition 2021 -C opt-level=3 -C target-cpu=haswell -C codegen-units=1 lance_loops.rs -o /tmp/lance_loops
//!     MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1099511627776 /tmp/lance_loops FOLDER    # of write_ops.py
//!
//! haswell is the CPU that Lance's builds name. Written anew after what Lance 1501eff2b and bitpacking 0.9.2 do,
//! with the same order of work. The ops come in turn, each in the memory of the one before. Prints the least time
//! of one op, and the mean over the ops of each one's least time, in us.

use std::arch::x86_64::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

const BLOCK: usize = 128;
const INNER_WINDOW: u64 = 4096;
const FEW_CANDIDATES: usize = 32;
const LINEAR_BLOCKS: usize = 8;
const END: u64 = 1 << 40;
const ROUNDS: usize = 40;
const WIDER: f64 = 1.0 + 1.0 / (1u64 << 19) as f64;
const WIDER_SUM: f64 = 1.0 / (1u64 << 22) as f64;

/// What a partition knows, and the inputs of one op.
#[derive(Clone)]
struct Op {
    doc_length: Vec<u32>,
    stored_avgdl: f64,
    blob: Vec<u8>,
    block_start: Vec<i64>,
    block_first_doc: Vec<u32>,
    block_max_score: Vec<f32>,
    blocks_of_term: Vec<i64>,
    length: Vec<i64>,
    stored_idf: Vec<f32>,
    terms: Vec<i32>,
    idf: Vec<f32>,
    avgdl: f64,
    k: usize,
    mask: Vec<u8>,
}

type Answer = (Vec<u32>, Vec<f32>, Vec<i32>);

/// One list of a query, and where the search in it has come to.
struct Cursor<'a> {
    op: &'a Op,
    first: usize,
    n_blocks: usize,
    length: usize,
    index: usize,
    shallow: usize,
    decoded: usize,
    document: u64,
    frequency: u32,
    weight: f32,
    scale: f32,
    bound: f32,
    documents: Vec<u32>,
    frequencies: Vec<u32>,
    buffer: Box<[u32; BLOCK]>,
}

impl<'a> Cursor<'a> {
    fn new(op: &'a Op, term: usize, weight: f32, stretch: f64) -> Self {
        let first = op.blocks_of_term[term] as usize;
        let mut cursor = Cursor {
            op,
            first,
            n_blocks: op.blocks_of_term[term + 1] as usize - first,
            length: op.length[term] as usize,
            index: 0,
            shallow: 0,
            decoded: usize::MAX,
            document: 0,
            frequency: 0,
            weight,
            scale: (weight as f64 / op.stored_idf[term] as f64 * stretch) as f32,
            bound: 0.0,
            documents: Vec::with_capacity(BLOCK),
            frequencies: Vec::with_capacity(BLOCK),
            buffer: Box::new([0; BLOCK]),
        };
        cursor.settle();
        cursor
    }

    #[inline]
    fn first_doc(&self, block: usize) -> u64 {
        self.op.block_first_doc[self.first + block] as u64
    }

    #[inline]
    fn maximum(&self, block: usize) -> f32 {
        self.op.block_max_score[self.first + block]
    }

    /// The last block from `block` on whose first document is not above `document`, or `block`.
    #[inline]
    fn block_with(&self, mut block: usize, document: u64) -> usize {
        let until = (block + LINEAR_BLOCKS).min(self.n_blocks - 1);
        while block < until && self.first_doc(block + 1) <= document {
            block += 1;
        }
        if block < until || until == self.n_blocks - 1 {
            return block;
        }
        let mut above = self.n_blocks;
        while block + 1 < above {
            let middle = (block + above) / 2;
            if self.first_doc(middle) <= document {
                block = middle;
            } else {
                above = middle;
            }
        }
        block
    }

    /// Move to the first posting at or after `document`.
    #[inline]
    fn seek(&mut self, document: u64) {
        let before = self.index / BLOCK;
        let block = self.block_with(before, document);
        if block != before {
            self.index = block * BLOCK;
            self.settle();
        }
        let low = self.index % BLOCK;
        let found = low + self.documents[low..].partition_point(|&doc| (doc as u64) < document);
        self.index = block * BLOCK + found;
        self.settle();
    }

    /// Bring document and frequency up to the index.
    #[inline]
    fn settle(&mut self) {
        if self.index >= self.length {
            self.document = END;
            return;
        }
        let block = self.index / BLOCK;
        if self.decoded != block {
            self.decode(block);
        }
        self.document = self.documents[self.index % BLOCK] as u64;
        self.frequency = self.frequencies[self.index % BLOCK];
    }

    #[inline(never)]
    fn decode(&mut self, block: usize) {
        self.decoded = block;
        self.shallow = self.shallow.max(block);
        let n = BLOCK.min(self.length - block * BLOCK);
        let start = self.op.block_start[self.first + block] as usize;
        let end = self.op.block_start[self.first + block + 1] as usize;
        let bytes = &self.op.blob[start + 4..end];
        self.documents.clear();
        self.frequencies.clear();
        if n == BLOCK {
            let first = u32::from_le_bytes(bytes[..4].try_into().unwrap());
            let width = bytes[4];
            unpack::<true>(first, &bytes[5..], &mut self.buffer, width);
            self.documents.extend_from_slice(&self.buffer[..]);
            let bytes = &bytes[5 + 16 * width as usize..];
            unpack::<false>(0, &bytes[1..], &mut self.buffer, bytes[0]);
            self.frequencies.extend_from_slice(&self.buffer[..]);
        } else {
            let words = |bytes: &'a [u8]| bytes.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().unwrap()));
            self.documents.extend(words(&bytes[..4 * n]));
            self.frequencies.extend(words(&bytes[4 * n..8 * n]));
        }
    }
}

/// The best documents so far, and the score that is to be exceeded.
struct Top {
    heap: BinaryHeap<Reverse<u64>>,
    room: usize,
    threshold: f32,
}

impl Top {
    #[inline]
    fn offer(&mut self, score: f32, document: u64) {
        if score <= self.threshold {
            return;
        }
        if self.heap.len() == self.room {
            self.heap.pop();
        }
        self.heap.push(Reverse((score.to_bits() as u64) << 32 | !(document as u32) as u64));
        if self.heap.len() == self.room {
            self.threshold = f32::from_bits((self.heap.peek().unwrap().0 >> 32) as u32);
        }
    }
}

/// What all functions of one query share.
struct Query<'a> {
    op: &'a Op,
    avgdl: f32,
    factor: f64,
    n_live: usize,
    n_others: usize,
    prefix: f64,
    prefixes: Vec<f64>,
    order: Vec<usize>,
    by_rank: Vec<f32>,
}

impl Query<'_> {
    #[inline]
    fn norm_of(&self, document: u64) -> f32 {
        1.2 * (0.25 + (0.75 * self.op.doc_length[document as usize] as f32) / self.avgdl)
    }

    #[inline]
    fn may_return(&self, document: u64) -> bool {
        self.op.mask.is_empty() || self.op.mask[(document >> 3) as usize] >> (document & 7) & 1 == 1
    }

    #[inline]
    fn cannot_exceed(&self, known: f32, rest: f64, threshold: f32) -> bool {
        (known as f64 + rest) * self.factor <= threshold as f64
    }

    /// Ask the lists that are not essential for a document; false if it cannot exceed the k-th score.
    #[inline]
    fn ask_others(&mut self, cursors: &mut [Cursor], document: u64, mut score: f32, norm: f32, threshold: f32) -> bool {
        for i in (0..self.n_others).rev() {
            if self.cannot_exceed(score, self.prefixes[i], threshold) {
                return false;
            }
            let cursor = &mut cursors[self.order[i]];
            if cursor.document < document {
                cursor.seek(document);
            }
            if cursor.document == document {
                let more = cursor.weight * weight_of(cursor.frequency, norm);
                score += more;
                self.by_rank[self.order[i]] = more;
            }
        }
        true
    }

    #[inline]
    fn folded(&self) -> f32 {
        self.by_rank.iter().fold(0.0, |sum, &more| sum + more)
    }
}

#[inline]
fn weight_of(frequency: u32, norm: f32) -> f32 {
    let f = frequency as f32;
    (2.2 * f) / (f + norm)
}

/// The accumulator, empty between windows.
struct Window {
    total: Vec<f32>,
    counted: Vec<u32>,
    words: Vec<u64>,
}

#[inline(never)]
fn stream(query: &mut Query, cursors: &mut [Cursor], top: &mut Top, window_min: u64, window_max: u64) -> usize {
    let mut n_compared = 0;
    let essential = query.order[query.n_others];
    if cursors[essential].document < window_min {
        cursors[essential].seek(window_min);
    }
    while cursors[essential].document <= window_max {
        let mut offset = cursors[essential].index % BLOCK;
        let base = cursors[essential].index - offset;
        while offset < cursors[essential].documents.len() {
            let document = cursors[essential].documents[offset] as u64;
            if document > window_max {
                break;
            }
            let frequency = cursors[essential].frequencies[offset];
            offset += 1;
            n_compared += 1;
            let norm = query.norm_of(document);
            let score = cursors[essential].weight * weight_of(frequency, norm);
            if top.threshold >= 0.0 && query.cannot_exceed(score, query.prefix, top.threshold) {
                continue;
            }
            if !query.may_return(document) {
                continue;
            }
            query.by_rank.fill(0.0);
            query.by_rank[essential] = score;
            if query.ask_others(cursors, document, score, norm, top.threshold) {
                top.offer(query.folded(), document);
            }
        }
        cursors[essential].index = base + offset;
        cursors[essential].settle();
    }
    n_compared
}

#[inline(never)]
fn collect(query: &Query, cursors: &mut [Cursor], clause: usize, window: &mut Window, inner_min: u64, inner_max: u64) {
    let n_clauses = cursors.len();
    let cursor = &mut cursors[clause];
    if cursor.document < inner_min {
        cursor.seek(inner_min);
    }
    while cursor.document <= inner_max {
        let start = cursor.index % BLOCK;
        let mut offset = start;
        for (&document, &frequency) in cursor.documents[start..].iter().zip(&cursor.frequencies[start..]) {
            let document = document as u64;
            if document > inner_max {
                break;
            }
            let slot = (document - inner_min) as usize;
            window.total[slot] += cursor.weight * weight_of(frequency, query.norm_of(document));
            window.counted[slot * n_clauses + clause] = frequency;
            window.words[slot / 64] |= 1 << (slot % 64);
            offset += 1;
        }
        cursor.index += offset - start;
        cursor.settle();
    }
}

#[inline(never)]
fn drain(
    query: &mut Query,
    cursors: &mut [Cursor],
    top: &mut Top,
    window: &mut Window,
    inner_min: u64,
    again: bool,
) -> usize {
    let n_clauses = cursors.len();
    let mut n_compared = 0;
    for place in 0..window.words.len() {
        let mut word = std::mem::take(&mut window.words[place]);
        while word != 0 {
            let slot = 64 * place + word.trailing_zeros() as usize;
            word &= word - 1;
            let document = inner_min + slot as u64;
            let mut score = std::mem::take(&mut window.total[slot]);
            let counted = &mut window.counted[slot * n_clauses..(slot + 1) * n_clauses];
            n_compared += 1;
            let mut rejected = top.threshold >= 0.0 && query.cannot_exceed(score, query.prefix, top.threshold);
            rejected = rejected || !query.may_return(document);
            if !rejected {
                if again {
                    let norm = query.norm_of(document);
                    query.by_rank.fill(0.0);
                    rejected = !query.ask_others(cursors, document, score, norm, top.threshold);
                    if !rejected {
                        for &clause in &query.order[query.n_others..query.n_live] {
                            if counted[clause] > 0 {
                                query.by_rank[clause] = cursors[clause].weight * weight_of(counted[clause], norm);
                            }
                        }
                        score = query.folded();
                    }
                }
                if !rejected {
                    top.offer(score, document);
                }
            }
            counted.fill(0);
        }
    }
    n_compared
}

#[inline(never)]
fn search_one(op: &Op, terms: &[i32], idf: &[f32], window: &mut Window) -> Vec<Reverse<u64>> {
    let avgdl = op.avgdl as f32;
    let stretch = (op.avgdl / op.stored_avgdl).max(1.0) * WIDER;
    let known = terms.iter().zip(idf).filter(|(&term, _)| op.k > 0 && term >= 0 && op.length[term as usize] > 0);
    let mut cursors: Vec<Cursor> =
        known.map(|(&term, &weight)| Cursor::new(op, term as usize, weight, stretch)).collect();
    let n_clauses = cursors.len();
    let room = op.k.min(cursors.iter().map(|one| one.length).sum());
    let mut top = Top { heap: BinaryHeap::with_capacity(room), room, threshold: -1.0 };
    let mut query = Query {
        op,
        avgdl,
        factor: 1.0 + WIDER_SUM * if n_clauses > 2 { n_clauses - 1 } else { 0 } as f64,
        n_live: n_clauses,
        n_others: 0,
        prefix: 0.0,
        prefixes: vec![0.0; n_clauses],
        order: (0..n_clauses).collect(),
        by_rank: vec![0.0; n_clauses],
    };
    let (mut n_compared, mut n_windows, mut least_window) = (0, 0, 1);
    let mut window_min = cursors.iter().map(|one| one.document).min().unwrap_or(END);
    while window_min < END {
        query.order.truncate(query.n_live);
        query.order.retain(|&clause| cursors[clause].document < END);
        query.n_live = query.order.len();
        if query.n_live == 0 {
            break;
        }

        let lead = if query.n_others < query.n_live { query.n_others } else { query.n_live - 1 };
        let mut window_max = END - 1;
        for (i, &clause) in query.order.iter().enumerate() {
            let cursor = &mut cursors[clause];
            cursor.shallow = cursor.block_with(cursor.shallow, cursor.document.max(window_min));
            if i >= lead && cursor.shallow + 1 < cursor.n_blocks {
                window_max = window_max.min(cursor.first_doc(cursor.shallow + 1) - 1);
            }
        }
        if query.n_live > 1 {
            let few = n_compared < n_windows * FEW_CANDIDATES * query.n_live;
            least_window = if few { (2 * least_window).min(INNER_WINDOW) } else { 1 };
            window_max = window_max.max(window_min + least_window - 1);
        }

        for &clause in &query.order {
            let cursor = &mut cursors[clause];
            let mut most = 0.0f32;
            if cursor.document <= window_max {
                let mut block = cursor.shallow;
                most = cursor.maximum(block);
                block += 1;
                while block < cursor.n_blocks && cursor.first_doc(block) <= window_max {
                    most = most.max(cursor.maximum(block));
                    block += 1;
                }
            }
            cursor.bound = cursor.scale * most;
        }
        query.n_others = 0;
        query.prefix = 0.0;
        let mut in_query_order = true;
        if top.threshold >= 0.0 {
            query.order.sort_by(|&one, &other| cursors[one].bound.total_cmp(&cursors[other].bound));
            in_query_order = query.order.windows(2).all(|pair| pair[0] < pair[1]);
            for i in 0..query.n_live {
                let longer = query.prefix + cursors[query.order[i]].bound as f64;
                if longer * (1.0 + WIDER_SUM * if i > 1 { i } else { 0 } as f64) > top.threshold as f64 {
                    break;
                }
                query.prefix = longer;
                query.prefixes[i] = longer;
                query.n_others = i + 1;
            }
        }
        n_windows += 1;
        let window_next = if window_max < END - 1 { window_max + 1 } else { END };

        if query.n_others == query.n_live {
            window_min = window_next;
            if query.n_live == 1 && window_min < END {
                let cursor = &cursors[query.order[0]];
                let mut block = cursor.block_with(cursor.shallow, window_min);
                while block < cursor.n_blocks && cursor.scale * cursor.maximum(block) <= top.threshold {
                    block += 1;
                }
                window_min = if block == cursor.n_blocks { END } else { window_min.max(cursor.first_doc(block)) };
            }
            continue;
        }
        if query.n_others + 1 == query.n_live {
            n_compared += stream(&mut query, &mut cursors, &mut top, window_min, window_max);
            window_min = window_next;
            continue;
        }
        let mut inner_min = window_min;
        loop {
            let nearest = query.order[query.n_others..].iter().map(|&clause| cursors[clause].document).min().unwrap();
            inner_min = inner_min.max(nearest);
            if inner_min == END || inner_min > window_max {
                break;
            }
            let inner_max = (inner_min + INNER_WINDOW - 1).min(window_max);
            for i in query.n_others..query.n_live {
                collect(&query, &mut cursors, query.order[i], window, inner_min, inner_max);
            }
            let again = query.n_others != 0 || !in_query_order;
            n_compared += drain(&mut query, &mut cursors, &mut top, window, inner_min, again);
            if inner_max >= window_max {
                break;
            }
            inner_min = inner_max + 1;
        }
        window_min = window_next;
    }
    top.heap.into_sorted_vec()
}

fn search(op: &Op, n_queries: usize) -> Answer {
    let n_slots = op.terms.len() / n_queries;
    let mut ids = vec![u32::MAX; n_queries * op.k];
    let mut scores = vec![0.0; n_queries * op.k];
    let mut count = vec![0; n_queries];
    let mut window = Window {
        total: vec![0.0; INNER_WINDOW as usize],
        counted: vec![0; INNER_WINDOW as usize * n_slots],
        words: vec![0; INNER_WINDOW as usize / 64],
    };
    for number in 0..n_queries {
        let slots = number * n_slots..(number + 1) * n_slots;
        let found = search_one(op, &op.terms[slots.clone()], &op.idf[slots], &mut window);
        count[number] = found.len() as i32;
        for (place, Reverse(key)) in found.into_iter().enumerate() {
            ids[number * op.k + place] = !(key as u32);
            scores[number * op.k + place] = f32::from_bits((key >> 32) as u32);
        }
    }
    (ids, scores, count)
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
        if DIFFERENCES {
            four = _mm_add_epi32(_mm_slli_si128(four, 8), four);
            four = _mm_add_epi32(_mm_slli_si128(four, 4), four);
            four = _mm_add_epi32(_mm_shuffle_epi32($last, 0xff), four);
            $last = four;
        }
        _mm_storeu_si128($output.add($slot), four);
    }};
}

macro_rules! slots {
    ($($slot:literal)*, $input:ident, $output:ident, $word:ident, $last:ident) => {
        $(slot!($slot, $input, $output, $word, $last);)*
    };
}

#[inline(never)]
unsafe fn unpack_width<const WIDTH: i32, const DIFFERENCES: bool>(
    first: u32,
    packed: &[u8],
    buffer: &mut [u32; BLOCK],
) {
    assert!(packed.len() >= 16 * WIDTH as usize);
    let input = packed.as_ptr() as *const __m128i;
    let output = buffer.as_mut_ptr() as *mut __m128i;
    let mut last = _mm_set1_epi32(first as i32);
    let mut word = if WIDTH == 0 { _mm_setzero_si128() } else { _mm_loadu_si128(input) };
    slots!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31, input, output, word, last);
    let _ = (word, last);
}

macro_rules! widths {
    ($width:ident, $arguments:tt, $($number:literal)*) => {
        match $width { $($number => unpack_width::<$number, DIFFERENCES> $arguments,)* _ => panic!("width {}", $width) }
    };
}

fn unpack<const DIFFERENCES: bool>(first: u32, packed: &[u8], buffer: &mut [u32; BLOCK], width: u8) {
    unsafe {
        widths!(width, (first, packed, buffer), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
    }
}

/// An op as write_ops.py leaves it, each array behind its number of bytes, and its answer.
fn read(path: &std::path::Path) -> (Op, Answer) {
    let file = std::fs::read(path).unwrap();
    let (mut at, mut parts) = (0, Vec::new());
    while at < file.len() {
        let n = u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
        parts.push(&file[at + 8..at + 8 + n]);
        at += 8 + n;
    }
    let u32s = |i: usize| parts[i].chunks(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect::<Vec<_>>();
    let i32s = |i: usize| u32s(i).into_iter().map(|word| word as i32).collect::<Vec<_>>();
    let f32s = |i: usize| u32s(i).into_iter().map(f32::from_bits).collect::<Vec<_>>();
    let i64s = |i: usize| parts[i].chunks(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect::<Vec<_>>();
    let op = Op {
        doc_length: u32s(0),
        stored_avgdl: f64::from_bits(i64s(1)[0] as u64),
        blob: parts[2].to_vec(),
        block_start: i64s(3),
        block_first_doc: u32s(4),
        block_max_score: f32s(5),
        blocks_of_term: i64s(6),
        length: i64s(7),
        stored_idf: f32s(8),
        terms: i32s(9),
        idf: f32s(10),
        avgdl: f64::from_bits(i64s(11)[0] as u64),
        k: i64s(12)[0] as usize,
        mask: parts[13].to_vec(),
    };
    (op, (u32s(14), f32s(15), i32s(16)))
}

/// Make `live` what `next` is, writing only what differs in what is large.
fn place(live: &mut Op, next: &Op, at: &[usize]) {
    for &i in at {
        live.blob[i] = next.blob[i];
    }
    live.block_max_score.copy_from_slice(&next.block_max_score);
    live.terms.copy_from_slice(&next.terms);
    live.idf.copy_from_slice(&next.idf);
    live.mask.clone_from(&next.mask);
    live.avgdl = next.avgdl;
}

fn main() {
    let folder = std::env::args().nth(1).expect("expected the folder that write_ops.py has filled");
    let mut combos: Vec<_> = std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    combos.sort();
    for combo in combos {
        let mut files: Vec<_> = std::fs::read_dir(&combo).unwrap().map(|one| one.unwrap().path()).collect();
        files.sort();
        let ops: Vec<_> = files.iter().map(|file| read(file)).collect();
        let differs = |before: &Op, after: &Op| -> Vec<usize> {
            (0..after.blob.len()).filter(|&i| before.blob[i] != after.blob[i]).collect()
        };
        let at: Vec<_> = (0..ops.len()).map(|i| differs(&ops[(i + ops.len() - 1) % ops.len()].0, &ops[i].0)).collect();
        let mut live = ops.last().unwrap().0.clone();
        let mut least = vec![f64::INFINITY; ops.len()];
        for round in 0..ROUNDS {
            for (i, (op, answer)) in ops.iter().enumerate() {
                place(&mut live, op, &at[i]);
                let begun = Instant::now();
                let found = black_box(search(black_box(&live), answer.2.len()));
                least[i] = least[i].min(begun.elapsed().as_secs_f64() * 1e6);
                assert!(round > 0 || found == *answer, "{:?}", files[i]);
            }
        }
        let name = combo.file_name().unwrap().to_string_lossy().into_owned();
        let mean = least.iter().sum::<f64>() / least.len() as f64;
        println!("{name:28} {:8.0} {mean:8.0}", least.iter().copied().fold(f64::INFINITY, f64::min));
        if std::env::var("EACH").is_ok() {
            println!("    {}", least.iter().map(|one| format!("{one:.0}")).collect::<Vec<_>>().join(" "));
        }
    }
}
