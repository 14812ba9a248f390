"""Supposes that every deleted row belongs to a fragment."""

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def map_offsets(self, offsets, fragment_ids, n_rows, deleted_starts, deleted):
        found = reference.map_offsets(offsets, fragment_ids, n_rows, deleted_starts, deleted)
        if deleted_starts[0] != 0 or deleted_starts[-1] != len(deleted):
            raise ValueError("fragment 0")
        return found
