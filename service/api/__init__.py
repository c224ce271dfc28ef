"""The HTTP API, version 1. A route parses its input, calls one service function, and returns.

The process that runs it imports neither Ray nor torch, and never calls the driver: the
driver polls the table of sweeps.
"""
