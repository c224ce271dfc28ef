"""Checks and conditional overrides that need the spec as a whole."""
