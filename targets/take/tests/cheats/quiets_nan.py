"""Takes vectors by arithmetic, which sets the highest fraction bit of a signalling NaN."""

import numpy as np

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def take_rows(self, vectors, indices):
        with np.errstate(invalid="ignore"):
            return reference.take_rows(vectors, indices) * np.float32(1)
