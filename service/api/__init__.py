"""The HTTP interface, version 1: routes parse, call one service function, and return.

The process that runs it imports neither Ray nor torch, and never calls the driver: a committed
row is the request.
"""
