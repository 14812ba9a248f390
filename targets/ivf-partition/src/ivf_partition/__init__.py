"""The partitions nearest to a query: distances to all centroids, then a selection. Here: the metrics."""

from typing import Literal

Metric = Literal["l2", "dot"]  # Lance turns cosine into l2 on normalised vectors before it comes here
