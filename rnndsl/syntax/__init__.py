"""Text to syntax trees: statements and expressions as written, nothing resolved."""
