"""From the scheduled graph to generated code."""
