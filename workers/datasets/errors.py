"""Errors of data sets, one class per thing a caller can act on."""

from pathlib import Path

from workers.errors import WorkersError


class DatasetError(WorkersError):
    """Base of the errors of data sets."""


class DatasetUnknownError(DatasetError):
    """No data set has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"no data set is named {self.name!r}; known are {', '.join(self.known)}"


class DatasetUnavailableError(DatasetError):
    """The samples of a known data set cannot be obtained on this machine."""

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(name, remedy)
        self.name = name
        self.remedy = remedy

    def __str__(self) -> str:
        return f"the data set {self.name!r} is not available here: {self.remedy}"


class DatasetCorruptError(DatasetError):
    """A file of a data set has other contents than expected."""

    def __init__(self, file: Path, expected: str, found: str) -> None:
        super().__init__(file, expected, found)
        self.file = file
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return (
            f"{self.file} is damaged or another file: expected {self.expected}, "
            f"found {self.found}; remove it or put the right one in its place"
        )


class DatasetExistsError(DatasetError):
    """A data set of this name is registered already."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"a data set named {self.name!r} exists already; choose another name"


class DatasetInvalidError(DatasetError):
    """A file cannot become a data set; every mistake is listed."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "; ".join(self.mistakes)
