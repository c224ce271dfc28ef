"""Expand a spec: count its trials, and write out its points."""
