"""Source text, spans and diagnostics: the ground floor, which imports nothing of ours."""
