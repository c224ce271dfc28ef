"""Charts of results and of predictions."""
