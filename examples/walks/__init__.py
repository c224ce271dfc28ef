"""Figures of the random walk of log gradient norms, drawn from the code that computes it."""
