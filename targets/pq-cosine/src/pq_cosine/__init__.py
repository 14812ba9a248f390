"""Cosine search in an IVF_PQ index: several probed partitions, one top-k. Here: the shape of the problem."""

from dataclasses import dataclass

N_CODEWORDS = 256  # of each sub-vector: a code is one byte


@dataclass(frozen=True)
class PqShape:
    """How a vector is cut: `dim` coordinates into `n_sub` sub-vectors of equal length.

    Raises: ValueError unless both are positive and n_sub divides dim.
    """

    dim: int
    n_sub: int

    def __post_init__(self) -> None:
        if self.dim < 1 or self.n_sub < 1 or self.dim % self.n_sub != 0:
            raise ValueError(f"expected n_sub to divide dim, got dim {self.dim}, n_sub {self.n_sub}")

    @property
    def sub_dim(self) -> int:
        """The number of coordinates in one sub-vector."""
        return self.dim // self.n_sub
