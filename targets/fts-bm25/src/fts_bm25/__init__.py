"""The k best documents by BM25, from compressed posting lists. Here: what Lance's format fixes."""

import numpy as np

BLOCK = 128  # postings in a block; the last block of a list may have fewer and is not packed
K1 = np.float32(1.2)
B = np.float32(0.75)
K1_PLUS_1 = np.float32(2.2)  # 1.2 + 1.0 in float32 has the same bits
NO_DOCUMENT = 0xFFFFFFFF  # stands in `ids` behind the last document found
