"""Enums that specs, plans, rows and the API share; this module imports nothing of the project."""

from enum import StrEnum


class Media(StrEnum):
    """Languages that a spec can be written in."""

    JSON = "json"
    YAML = "yaml"


class GMode(StrEnum):
    """Form in which a spec states g: by its scheme, as a number, or over the unbiased g."""

    AUTO = "auto"
    ABSOLUTE = "absolute"
    RELATIVE = "relative"


class ClaimSize(StrEnum):
    """The two sizes at which a claim can be run."""

    LAPTOP = "laptop"
    FULL = "full"


class Verdict(StrEnum):
    """Answer of a sweep's rows to a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"  # the rows allow both


class WarningKind(StrEnum):
    """Failures that theory expects of a configuration."""

    NO_GAIN = "no_gain"  # no g makes the drift of the walk zero
    VANISH = "vanish"  # the gradient norm falls towards the input
    EXPLODE = "explode"  # the gradient norm grows towards the input
    WANDER = "wander"  # the spread is so wide that results depend on the seed
    DIE = "die"  # a layer is likely to pass nothing
    DECORRELATE = "decorrelate"  # inputs become identical or unrelated
