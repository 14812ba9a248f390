"""Hamming distance between packed bits, to every row or to the k nearest. Here: what an op may ask for."""

# The two methods of a kernel; each op calls one of them.
DISTANCES = "distances"
TOP_K = "top_k"
