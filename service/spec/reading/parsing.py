"""Parse the text of a spec, and report all of its issues at once."""

from pathlib import Path

from pydantic import ValidationError

from service.enums import Media
from service.spec.checks.cross_checks import cross_issues, least_size_issues
from service.spec.errors import SpecError, SpecIssue, shown
from service.spec.grammar.messages import explain
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.grammar.valid_fields import ValidFields
from service.spec.reading.documents import Document, refuse, refuse_unusable
from service.spec.reading.json_text import read_json
from service.spec.reading.valid_parts import valid_fields
from service.spec.reading.yaml_text import read_yaml


def parse(text: str | bytes, media: Media) -> SweepSpec:
    """Return the spec that a text describes.

    Args:
        text: JSON, or YAML 1.2; bytes are UTF-8, with or without a byte-order mark.
        media: Which of the two.

    Raises:
        SpecError: All issues of the text, each with its path.
    """
    return _validate(_read(text, media))


def load(path: Path) -> SweepSpec:
    """Return the spec in a file: JSON if its name ends in ``.json``, else YAML.

    Raises:
        SpecError: As `parse`.
        OSError: The file cannot be read.
    """
    media = Media.JSON if path.suffix.lower() == ".json" else Media.YAML
    return parse(path.read_bytes(), media)


def _read(text: str | bytes, media: Media) -> Document:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise refuse(f"must be UTF-8; byte {error.start} is not") from error
    text = text.removeprefix("\ufeff")
    return read_json(text) if media is Media.JSON else read_yaml(text)


def _validate(document: Document) -> SweepSpec:
    if not isinstance(document.value, dict):
        message = "a spec must be a mapping with version, name, network and training"
        raise SpecError([SpecIssue("", shown(document.value), message)])
    refuse_unusable(document.value)
    issues = [*document.issues]
    spec: SweepSpec | None = None
    try:
        spec = SweepSpec.model_validate(document.value)
        valid = ValidFields.of(spec)
    except ValidationError as error:
        issues.extend(explain(error, SweepSpec))
        valid = valid_fields(SweepSpec, document.value)
    issues.extend(cross_issues(valid))
    if spec is None or issues:
        # The size of a valid spec is checked by the service that runs it, which has a limit too.
        raise SpecError([*issues, *least_size_issues(valid)])
    return spec
