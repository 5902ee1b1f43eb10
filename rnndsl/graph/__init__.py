"""Graphs of equations and of operations; their edges carry shifts."""
