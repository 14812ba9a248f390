"""A filter on a batch: for which rows it is true. Here: how a filter and the columns are written."""

import numpy as np

# What the values of a column are, an element of `dtypes`.
INT32, INT64, FLOAT32, FLOAT64, UINT8 = range(5)
TYPES = (np.dtype("<i4"), np.dtype("<i8"), np.dtype("<f4"), np.dtype("<f8"), np.dtype("u1"))

# What a node does, the first number of a row of `nodes`, which are in postfix order.
EQ, NE, LT, LE, GT, GE = range(6)  # a column against one literal
BETWEEN = 6  # column >= first literal and column <= second
IN = 7  # column = any of the literals
IS_NULL, IS_NOT_NULL = 8, 9  # of a column, without literals
AND, OR, NOT = 10, 11, 12  # of the results of the nodes before, which they replace
OPCODES = range(13)

NO_COLUMN = -1  # in a row of `nodes`: there is none
NO_NULLS = -1  # in a row of `columns`, in place of where the bitmap begins: every row is valid

# What no filter exceeds, neither timed ones nor those of the battery.
MOST_PENDING = 32  # results of nodes that no AND, OR or NOT has taken up yet
MOST_NODES = 128
MOST_COLUMNS = 5
MOST_LITERALS = 1_501  # of one list
