"""Checks that read several parts of a spec, such as links between axes.

Each check gets the parts that are valid and reports nothing about the others, so that the same
code judges a document with issues in it and one without.
"""
