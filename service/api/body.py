"""Read a spec's body as bytes, so that the spec's own parser reports every issue in it.

FastAPI would parse the body as JSON, and stop at the first syntax error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service.api.dependencies import dependencies_of
from service.api.errors import BodyTooLargeError, UnsupportedMediaError
from service.spec import Media

# application/yaml is registered by RFC 9512; the two others are older names still in use.
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
        content: The body's bytes.
        media: The language they are written in.
    """

    content: bytes
    media: Media


# A coroutine, unlike the routes: a plain function would hold a thread of the pool while a slow
# client sends its bytes.
async def _read_body(request: Request) -> Body:
    media = _media(request.headers.get("Content-Type", ""))
    limit = dependencies_of(request).body_limit_bytes
    content = bytearray()
    # Counted while reading, because Content-Length may be missing or wrong.
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit:
            raise BodyTooLargeError(limit)
    return Body(bytes(content), media)


def _media(content_type: str) -> Media:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in MEDIA:
        raise UnsupportedMediaError(content_type, tuple(MEDIA))
    return MEDIA[media_type]


SpecBody = Annotated[Body, Depends(_read_body)]
