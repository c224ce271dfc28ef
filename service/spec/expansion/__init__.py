"""Count the trials of a spec, and expand it to its points."""
