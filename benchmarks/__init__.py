"""Benchmarks that state speed as a ratio of two sides, measured in turn in one run."""
