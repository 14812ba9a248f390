"""Takes what a null index points to, if it points to a row."""

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        return getattr(reference, name)

    def take_fixed(self, values, validity, indices, index_validity):
        taken, valid = reference.take_fixed(values, validity, indices, index_validity)
        inside = indices < len(values)
        taken[inside] = values[indices[inside]]
        return taken, valid
