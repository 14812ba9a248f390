"""Compares many deleted rows as int32, in which those above 2**31 are negative."""

import numpy as np

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def map_offsets(self, offsets, fragment_ids, n_rows, deleted_starts, deleted):
        for f in range(len(n_rows)):
            gone = deleted[max(deleted_starts[f], 0) : max(deleted_starts[f + 1], 0)].view(np.int32)
            if len(gone) > 64 and (gone[:-1] >= gone[1:]).any():
                raise ValueError(f"fragment {f}")
        return reference.map_offsets(offsets, fragment_ids, n_rows, deleted_starts, deleted)
