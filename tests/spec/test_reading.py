"""Text becomes values or a clear error, never a crash, and never gigabytes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.spec import Media, SpecError, parse
from service.spec.reading.documents import MAX_DEPTH, MAX_NODES
from service.spec.reading.json_text import read_json
from service.spec.reading.yaml_text import read_yaml
from tests.spec.documents import (
    Plain,
    as_yaml,
    documents,
    issues_in,
    minimal,
    read,
    shuffled,
    unhurried,
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(
        st.characters(
            codec="utf-8",
            exclude_characters="\x85\u2028\u2029",
            exclude_categories=["Cc", "Cs", "Cn", "Co"],
        )
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc 1-:#", max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@unhurried
@given(documents())
def test_yaml_and_json_of_a_spec_agree(document: Plain) -> None:
    from_json = read(document)
    from_yaml = parse(as_yaml(document), Media.YAML)

    assert from_yaml == from_json
    assert from_yaml.sha256() == from_json.sha256()


@unhurried
@given(st.data())
def test_the_order_of_keys_does_not_change_the_hash(data: st.DataObject) -> None:
    document = data.draw(documents())
    other = data.draw(shuffled(document))

    assert isinstance(other, dict)
    assert read(other).sha256() == read(document).sha256()


@unhurried
@given(documents())
def test_the_canonical_json_is_the_same_spec(document: Plain) -> None:
    spec = read(document)

    again = parse(spec.canonical_json(), Media.JSON)

    assert again == spec
    assert again.canonical_json() == spec.canonical_json()


def test_the_hash_depends_on_what_is_asked_for() -> None:
    assert read(minimal(seeds=2)).sha256() != read(minimal(seeds=3)).sha256()


@unhurried
@given(JSON_VALUES)
def test_json_is_read_from_yaml_as_the_same_values(value: object) -> None:
    assert read_yaml(json.dumps(value, ensure_ascii=False)).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3),
        ("0x10", 16),
        ("0o17", 15),
        ("017", 17),
        (".inf", float("inf")),
        ("-.Inf", float("-inf")),
        ("~", None),
        ("", None),
        ("True", True),
        ("yes", "yes"),
        ("off", "off"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("'1'", "1"),
        ('"true"', "true"),
    ],
)
def test_unquoted_yaml_follows_the_core_schema_of_version_1_2(text: str, value: object) -> None:
    read_back = read_yaml(f"key: {text}").value

    assert read_back == {"key": value}
    assert isinstance(read_back, dict)
    assert type(read_back["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1,\nb: }", "at line 2, column 4"),
        ("a:\n\tb: 1", "at line 2, column 1"),
        ("a: b: c", "at line 1, column 5"),
        ("a: *gone", "the alias *gone names nothing at line 1, column 4"),
        ("a: &a [*a]", "the alias *a names nothing"),
        ("a: !!python/object:os.system x", "tags are no part of a spec at line 1"),
        ("a: !!str 1", "tags"),
        ("a: !!set {b}", "tags"),
        ("a: ! 1", "tags"),
        ("a: [&a [1, &b [*a]]]", "the alias *a names nothing at line 1, column 16"),
        ("a: [&a 1, &a [*a]]", "the alias *a names nothing"),
        ("---\na: 1\n---\na: 2", "one document"),
        ("? [a]\n: 1", "a key must be text at line 1"),
        ("a: \x01", "special characters"),
        ("a: " + "1" * 5000, "too many digits"),
        ("[" * 100_000, f"{MAX_DEPTH} levels"),
        ("- " * 5_000, f"{MAX_DEPTH} levels"),
    ],
)
def test_bad_yaml_is_refused_with_its_place(text: str, words: str) -> None:
    (message,) = issues_in(text, Media.YAML).values()

    assert words in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": }', "at line 1, column 7"),
        ('{"a": 1,\n]', "at line 2, column 1"),
        ("", "at line 1, column 1"),
        ("[" * 100_000, f"{MAX_DEPTH} levels"),
        ('{"a":' * 1000 + "1" + "}" * 1000, f"{MAX_DEPTH} levels"),
        ("1" * 5000, "too many digits"),
    ],
)
def test_bad_json_is_refused_with_its_place(text: str, words: str) -> None:
    (message,) = issues_in(text).values()

    assert words in message


@pytest.mark.parametrize("text", ["", "3", "[1]", "relu", "null", "~"])
def test_a_document_that_is_no_mapping_is_refused(text: str) -> None:
    assert issues_in(text, Media.YAML) == {
        "": "a spec must be a mapping with version, name, network and training"
    }


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(SpecError, match="byte 9 is not"):
        parse(b'{"name": \xff}', Media.JSON)


def test_a_byte_order_mark_is_passed_over() -> None:
    text = json.dumps(minimal())

    assert parse(b"\xef\xbb\xbf" + text.encode(), Media.JSON) == parse(text, Media.JSON)


def test_repeated_keys_are_found_at_every_level_of_json() -> None:
    document = read_json('{"a": 1, "a": 2, "b": [{"c": 1, "c": 2, "d": 3}]}')

    assert {issue.path for issue in document.issues} == {"a", "b[0].c"}


def test_repeated_keys_are_found_at_every_level_of_yaml_with_their_line() -> None:
    document = read_yaml("a: 1\na: 2\nb:\n  - 0\n  - {c: 1, c: 2}\n")

    assert {issue.path: issue.message for issue in document.issues} == {
        "a": "this key is given more than once at line 2, column 1",
        "b[1].c": "this key is given more than once at line 5, column 12",
    }


def test_a_key_that_is_no_text_is_refused() -> None:
    (issue,) = read_yaml("b: {1.5: 2}").issues

    assert (issue.path, issue.given) == ("b", "1.5")


def test_an_alias_stands_for_its_value() -> None:
    assert read_yaml("a: &x [1, {b: 2}]\nc: *x").value == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_an_anchor_given_again_names_the_later_value() -> None:
    assert read_yaml("[&x 1, *x, &x 2, *x]").value == [1, 1, 2, 2]


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert read_yaml("a: &x {b: 1}\nc: {<<: *x}").value == {"a": {"b": 1}, "c": {"<<": {"b": 1}}}


def test_a_key_given_again_keeps_its_first_value() -> None:
    document = read_yaml("{a: 1, a: 2, a: {b: 3, b: 4}}")

    assert document.value == {"a": 1}
    assert [issue.path for issue in document.issues] == ["a", "a", "a.b"]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for level in range(1, 20):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")

    (message,) = issues_in("\n".join(lines), Media.YAML).values()

    assert f"at most {MAX_NODES} values" in message


@pytest.mark.parametrize("media", Media)
def test_a_document_of_too_many_values_is_refused(media: Media) -> None:
    (message,) = issues_in("[" + "1," * MAX_NODES + "1]", media).values()

    assert f"at most {MAX_NODES} values" in message


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab1:-?[]{},&*!|>'\"%@`#\n\t ~.\\\ud800é"), max_size=40),
    st.sampled_from(Media),
)
def test_no_text_makes_the_reader_crash(text: str, media: Media) -> None:
    with pytest.raises(SpecError):
        parse(text, media)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_value_anywhere_makes_the_grammar_crash(data: st.DataObject) -> None:
    document = data.draw(documents())
    section = data.draw(st.sampled_from(sorted(document)))
    value = data.draw(JSON_VALUES)
    inner = document[section]
    if isinstance(inner, dict) and inner and data.draw(st.booleans()):
        inner[data.draw(st.sampled_from(sorted(inner)))] = value
    else:
        document[section] = value

    issues_in(json.dumps(document))
