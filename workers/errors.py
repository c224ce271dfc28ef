"""Base class of the errors that code on a compute node raises."""


class WorkersError(Exception):
    """Base of the errors of this package; each subclass is one thing a caller can act on."""
