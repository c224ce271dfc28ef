"""What only the parts of a spec together can get wrong.

Every check reads the valid parts and is silent about the rest, so that a document with issues
is judged by the same code as one without.
"""
