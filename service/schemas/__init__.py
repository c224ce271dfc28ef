"""The models that the API returns and the client reads: data alone, one resource in each file.

They import neither SQL nor torch, nor what fills them, so that the client loads in a moment.
A schema that shows a table's row is called after it, with ``Read``; the row has the plain name.
"""
