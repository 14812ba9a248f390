"""Supposes that many deleted rows are in order."""

import numpy as np

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def map_offsets(self, offsets, fragment_ids, n_rows, deleted_starts, deleted):
        if len(deleted) > 1_000:
            deleted = deleted.copy()
            for f, n in enumerate(n_rows):
                start, end = deleted_starts[f], deleted_starts[f + 1]
                wrong = np.flatnonzero(np.diff(deleted[start:end].astype(np.int64)) <= 0)
                deleted[start + 1 + wrong] = deleted[start + wrong] + 1
                deleted[start:end] = np.minimum(deleted[start:end], max(int(n), 1) - 1)
        return reference.map_offsets(offsets, fragment_ids, n_rows, deleted_starts, deleted)
