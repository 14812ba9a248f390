"""Write the timed ops of one round, with their answers, where lance_loops.rs reads them.

    uv run --package fts-bm25 python targets/fts-bm25/benches/write_ops.py FOLDER

A folder per combo, a file per op, edits applied: each build input, then each input in the order of the
contract, then each output, behind its number of bytes; numbers that are no arrays are one of 8 bytes.
"""

import sys
from pathlib import Path

import numpy as np

from fts_bm25.inputs import COMBOS, redraw, workload
from fts_bm25.oracle import expect
from fts_bm25.prepare import ARGUMENTS
from referee.testing import seen

SEED = 20_251_115


def main(folder: Path) -> None:
    """Write all combos."""
    for combo in COMBOS:
        drawn = workload(*combo, SEED)
        place = folder / drawn.combo.replace("/", "_")
        place.mkdir(parents=True, exist_ok=True)
        for i, op in enumerate(seen(redraw(drawn, SEED))):
            arrays = [*drawn.build_inputs.values(), *(op[name] for name in ARGUMENTS)]
            arrays += expect(drawn.build_inputs, op)
            parts = []
            for array in map(np.asarray, arrays):
                parts += [np.uint64(array.nbytes).tobytes(), array.tobytes()]
            (place / f"{i}").write_bytes(b"".join(parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
