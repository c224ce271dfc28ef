"""Schemas of errors (RFC 9457)."""

from pydantic import ConfigDict, Field

from service.schemas.base import Schema


class ProblemIssue(Schema):
    """An issue of the input: where it is, what stands there, and what is allowed."""

    path: str = Field(description="Place in the input, such as `network.depth[2]` or `page_size`.")
    given: str = Field(description="The value given, shortened.")
    message: str = Field(description="What is allowed.")


class Problem(Schema):
    """An error (RFC 9457)."""

    # The service sends all members. The defaults are for a client that reads the problem of
    # another program, such as a proxy.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    type: str = Field(
        "about:blank", description="URI that names the kind of problem; it is not an address."
    )
    title: str = Field(description="Name of the kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field("", description="Description of this occurrence, for people.")
    code: str = Field(description="Stable name of the kind of problem, for programs.")
    errors: tuple[ProblemIssue, ...] = Field((), description="Every issue in the input.")
