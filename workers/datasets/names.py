"""Rule for the names of data sets, which are also names of folders in the registry."""

import re
from typing import Final

#: The rule as text for messages, after "allowed are".
NAME_RULE: Final = "1 to 63 characters of a-z, 0-9, - and _, a letter first"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)


def is_name(text: str) -> bool:
    """Return whether a data set may have this name."""
    return _NAME.fullmatch(text) is not None
