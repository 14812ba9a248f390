"""Edits change what later ops see, and nothing that was handed out before."""

import numpy as np

from referee.workload import Edit, OpInputs, applied


def test_each_op_sees_the_edits_up_to_its_own() -> None:
    """By hand: [1, 2, 3], then 9 in the middle, then 7 in front."""
    ops: list[OpInputs] = [
        {"values": np.array([1, 2, 3]), "k": 1},
        {"values": Edit(np.array([1]), np.array([9])), "k": 2},
        {"values": Edit(np.array([0]), np.array([7]))},
    ]
    seen = list(applied(ops))
    assert [np.asarray(one["values"]).tolist() for one in seen] == [[1, 2, 3], [1, 9, 3], [7, 9, 3]]
    assert [one["k"] for one in seen] == [1, 2, 2]


def test_an_edit_counts_positions_in_c_order() -> None:
    """Position 4 of a 2 x 3 array is row 1, column 1."""
    ops: list[OpInputs] = [
        {"codes": np.zeros((2, 3), np.uint8)},
        {"codes": Edit(np.array([4]), np.array([5], np.uint8))},
    ]
    assert np.asarray(list(applied(ops))[1]["codes"]).tolist() == [[0, 0, 0], [0, 5, 0]]
