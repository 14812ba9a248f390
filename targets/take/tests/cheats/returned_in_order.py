"""Looks for addresses by bisection, as if what comes back always ascended."""

import numpy as np

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def remap(self, returned, requested):
        if len(returned) == 0:
            return np.zeros(0, np.uint32)
        places = np.minimum(np.searchsorted(returned, requested), len(returned) - 1)
        return places[returned[places] == requested].astype(np.uint32)
