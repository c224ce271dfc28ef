"""Files of claims: two sizes, patches, and every mistake with its path."""

import os
from pathlib import Path
from typing import Any

import pytest

from service.claims.errors import ClaimFileError
from service.claims.files import merged, read_claim, read_claims
from service.enums import ClaimSize
from service.planner import check
from service.settings import SHIPPED_CLAIMS
from tests.planner.shapes import SHAPES

CLAIM = """\
name: tiny
claim: The log norm spreads with depth.
source: ours
prediction: A slope of 0.5.
judge: {statistic: power_law, predictor: depth, expected: 0.5, tolerance: 0.2}
spec:
  version: 1
  name: tiny
  network: {activation: relu, depth: [8, 16, 32], width: 16}
  training: {epochs: 0, lr: 0.1}
  seeds: 50
time: "1 min"
laptop:
  patch: {network: {depth: [2, 4, 8]}, seeds: 4}
  judge: {tolerance: 0.4}
  time: "1 s"
"""
SHIPPED = sorted(SHIPPED_CLAIMS.glob("*.yaml"))


def write(folder: Path, text: str = CLAIM, name: str = "tiny") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(ClaimFileError, match=r"tiny\.yaml") as caught:
        read_claim(write(folder, text))
    return {issue.path: issue.message for issue in caught.value.issues}


def test_a_claim_has_two_sizes_of_which_the_laptops_is_patched(tmp_path: Path) -> None:
    claim = read_claim(write(tmp_path))

    laptop, full = claim.sizes[ClaimSize.LAPTOP], claim.sizes[ClaimSize.FULL]
    assert check(laptop.spec, SHAPES) == 3 * 4
    assert check(full.spec, SHAPES) == 3 * 50
    assert (laptop.judge["tolerance"], full.judge["tolerance"]) == (0.4, 0.2)
    assert laptop.judge_hash != full.judge_hash
    assert laptop.spec.sha256() != full.spec.sha256()


# Any: the values of JSON.
@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        # Examples of RFC 7386, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], {"a": "c"}, {"a": "c"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_follows_rfc_7386(document: Any, patch: Any, result: Any) -> None:
    assert merged(document, patch) == result


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("source: ours", "sauce: ours", "sauce", "unknown key"),
        ("source: ours", "", "source", "required"),
        ("name: tiny\nclaim", "name: small\nclaim", "name", "must be the file's name, tiny"),
        ("power_law", "power_lav", "judge.statistic", 'did you mean "power_law"'),
        ("expected: 0.5", "expected: half", "judge.expected", "must be a number"),
        ("predictor: depth", "predictor: __import__", "judge.predictor", "one of depth"),
        ("expected: 0.5", "expectation: 0.5", "judge.expectation", "unknown key"),
        ("lr: 0.1", "lr: -1", "spec.training.lr", "above 0"),
        ("seeds: 4}", "seats: 4}", "spec with laptop.patch.seats", "unknown key"),
        ("0.4}", "-0.4}", "judge with laptop.judge.tolerance", "above 0"),
        ("expected: 0.5", "filter: depht > 1, expected: 0.5", "judge.filter", "depht"),
    ],
)
def test_a_mistake_is_reported_with_its_path(
    tmp_path: Path, old: str, new: str, path: str, words: str
) -> None:
    issues = refused(tmp_path, CLAIM.replace(old, new, 1))

    assert words in issues[path]


@pytest.mark.parametrize("text", ["", "- a", "a: [", "name: a\nname: b"])
def test_no_mapping_or_no_yaml_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text)


def test_a_folder_is_read_by_name_and_again_after_a_change(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = read_claims(tmp_path)
    assert list(before) == ["tiny"]

    path.write_text(CLAIM.replace("ours", "theirs"), encoding="utf-8")
    # A clock of low resolution might not tell the two versions apart.
    stat = path.stat()

    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))

    assert read_claims(tmp_path)["tiny"].source == "theirs"
    assert read_claims(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_a_claim_that_is_shipped_can_be_planned_at_both_sizes(path: Path) -> None:
    claim = read_claim(path)

    for sized in claim.sizes.values():
        assert check(sized.spec, SHAPES) > 0
        assert sized.time
    assert SHIPPED
