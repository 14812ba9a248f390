"""Write the timed ops of one round, with their answers, where lance_loops.rs reads them.

    uv run --package posting-intersect python targets/posting-intersect/benches/write_ops.py FOLDER

A folder per combo, a file per op: whether the lists are packed, m, then each input and output behind its
number of bytes, all numbers of 8 bytes.
"""

import sys
from pathlib import Path

import numpy as np

from posting_intersect import INTERSECT_BLOCKS
from posting_intersect.inputs import COMBOS, redraw, workload
from posting_intersect.oracle import expect
from posting_intersect.prepare import ARGUMENTS
from referee.testing import seen

SEED = 20_251_115


def main(folder: Path) -> None:
    """Write all combos."""
    for combo in COMBOS:
        drawn = workload(*combo, SEED)
        place = folder / drawn.combo.replace("/", "_")
        place.mkdir(parents=True, exist_ok=True)
        for i, op in enumerate(seen(redraw(drawn, SEED))):
            arrays = [*(op[name] for name in ARGUMENTS[op["method"]]), *expect({}, op)]
            header = np.array([op["method"] == INTERSECT_BLOCKS, drawn.source.shape.m], np.uint64)
            parts = [header.tobytes()]
            for array in arrays:
                parts += [np.uint64(array.nbytes).tobytes(), array.tobytes()]
            (place / f"{i}").write_bytes(b"".join(parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
