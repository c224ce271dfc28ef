"""The base of every error that the code on a compute node raises itself."""


class WorkersError(Exception):
    """Base of the errors of this package; each subclass is one thing a caller can act on."""
