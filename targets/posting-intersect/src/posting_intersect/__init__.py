"""The first k rows of many lists of (distance, row id). Here: the two orders that a list may have."""

SORTED = "sorted"  # ascending by (distance, row id)
UNSORTED = "unsorted"  # as they come
