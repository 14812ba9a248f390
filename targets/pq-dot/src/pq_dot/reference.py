"""The definition: what the distances are, in float64, plain and slow.

The dot distance of a row is 1 - <query, row>, the row being the centroids that its codes name, end to end.
It is smaller for better rows and may be negative. Lance sums 1 - <part, centroid> over the sub-vectors and
takes away the n_sub - 1 ones too many; that is its way to compute the same number, not another definition.
"""

import numpy as np


def inner_products(codebook: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return float64[n_sub, 256]: the inner product of each sub-vector of `query` with each centroid.

    codebook  float32[n_sub, 256, sub_dim]  finite
    query     float32[dim]                  finite
    """
    n_sub, _, sub_dim = codebook.shape
    parts = query.astype(np.float64).reshape(n_sub, 1, sub_dim)
    products = np.zeros(codebook.shape[:2])
    for j in range(sub_dim):  # not sum(axis=2), whose order depends on the machine
        products += parts[:, :, j] * codebook[:, :, j]
    return products


def distances(products: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return float64[n]: for each row, 1 minus the sum of the products that its codes name.

    products  float64[n_sub, 256]
    codes     uint8[n_sub, n]
    """
    total = np.ones(codes.shape[1])
    for row, code in zip(products, codes, strict=True):
        total -= row[code]
    return total
