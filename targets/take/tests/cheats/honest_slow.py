"""Right, and slower: it does everything twice. Being slow is no offence."""

from take import reference


class TakeKernel:
    def __getattr__(self, name):
        method = getattr(reference, name)
        return lambda *inputs: (method(*inputs), method(*inputs))[1]
