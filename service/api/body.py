"""Reads a spec's raw body, so that the spec's own parser finds every issue in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service.api.dependencies import dependencies_of
from service.api.errors import BodyTooLargeError, UnsupportedMediaError
from service.spec import Media

MEDIA: Mapping[str, Media] = {
    "application/json": Media.JSON,
    "application/yaml": Media.YAML,
    "application/x-yaml": Media.YAML,
    "text/yaml": Media.YAML,
}


@dataclass(frozen=True, slots=True)
class Body:
    """A spec as it was sent.

    Attributes:
        content: The bytes.
        media: How to read them.
    """

    content: bytes
    media: Media


# The one thing routes wait for: bytes arrive when they arrive.
async def _read_body(request: Request) -> Body:
    media = _media(request.headers.get("Content-Type", ""))
    limit = dependencies_of(request).body_limit_bytes
    content = bytearray()
    # Counted while reading: Content-Length may be missing or a lie.
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit:
            raise BodyTooLargeError(limit)
    return Body(bytes(content), media)


def _media(content_type: str) -> Media:
    essence = content_type.partition(";")[0].strip().lower()
    if essence not in MEDIA:
        raise UnsupportedMediaError(content_type, tuple(MEDIA))
    return MEDIA[essence]


SpecBody = Annotated[Body, Depends(_read_body)]
