"""Takes any index for one of a row: the last row for what is beyond."""

import numpy as np

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def take_rows(self, vectors, indices):
        return np.take(vectors, indices, axis=0, mode="clip")
