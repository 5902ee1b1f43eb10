"""What is computed when, and where it is kept."""
