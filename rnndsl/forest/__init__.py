"""Forests: the trees of a batch as arrays, and how they are made."""
