"""Write the first op of every timed workload into a folder, for lance_loops.rs.

    uv run python targets/fsst/benches/written_inputs.py /tmp/fsst_inputs

Of each combo a file: four int64 numbers (method, bytes of an offset, number of bounds, bytes of the array),
the table, the bounds as int64, the array.
"""

import sys
from pathlib import Path

import numpy as np

from fsst import CHUNK_BY_CHUNK, DECODE, PAGE
from fsst.inputs import redraw, speed_workloads

SEED = 20_251_115


def main(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for drawn in speed_workloads(SEED):
        op: dict[str, object] = dict(redraw(drawn, SEED)[0])
        is_batch = op["method"] == DECODE
        bounds = np.asarray(op["offsets" if is_batch else "chunk_starts"])
        array = np.asarray(op["codes" if is_batch else "page"])
        method = (DECODE, PAGE, CHUNK_BY_CHUNK).index(str(op["method"]))
        head = np.array([method, bounds.itemsize, len(bounds), len(array)], np.int64)
        parts = (head, np.asarray(op["table"]), bounds.astype(np.int64), array)
        path = folder / drawn.combo.replace("/", "-")
        path.write_bytes(b"".join(part.tobytes() for part in parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
