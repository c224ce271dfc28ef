"""Schemas of errors (RFC 9457)."""

from pydantic import ConfigDict, Field

from service.schemas.base import Schema


class ProblemIssue(Schema):
    """One place where the input is wrong."""

    path: str = Field(description="Where, such as `network.depth[2]` or `page_size`.")
    given: str = Field(description="What stands there, shortened.")
    message: str = Field(description="What is allowed.")


class Problem(Schema):
    """An error (RFC 9457)."""

    # The service sends every member; the defaults are for a client that reads another's problem.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    type: str = Field(
        "about:blank", description="A name of the kind of problem, as a URI; it leads nowhere."
    )
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field("", description="This occurrence, for people.")
    code: str = Field(description="The kind of problem, for programs; it never changes.")
    errors: tuple[ProblemIssue, ...] = Field((), description="Every issue in the input.")
