"""Pydantic models of the API's responses, which the client reads; one resource per module.

They import neither SQL nor torch nor the services, so that the client loads fast. The schema of a
table's row has the name of the row's class with ``Read`` added, such as ``Trial`` and `TrialRead`.
"""
