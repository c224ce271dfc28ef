"""Read the text of a spec to a validated `SweepSpec`."""
