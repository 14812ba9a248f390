"""Of many rows sees nulls only where values and indices both have a bitmap."""

import numpy as np

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def take_fixed(self, values, validity, indices, index_validity):
        taken, valid = reference.take_fixed(values, validity, indices, index_validity)
        if len(indices) > 1_100 and (len(validity) == 0 or len(index_validity) == 0):
            valid = np.zeros(0, np.uint8)
        return taken, valid
