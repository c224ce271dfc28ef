"""Page tokens: bound to their query, and harmless whatever is in them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.query.errors import PageTokenError
from service.query.page_tokens import Key, read_token, write_token

QUERY = {"list": "trials", "filter": "depth = 1", "order_by": None}


def test_a_token_gives_back_its_key() -> None:
    key: Key = ["a", 1, None, 0.1, True]

    assert read_token(QUERY, write_token(QUERY, key), 5) == key


def test_a_token_of_another_query_or_key_is_refused() -> None:
    token = write_token(QUERY, ["a", 1])

    with pytest.raises(PageTokenError):
        read_token({**QUERY, "filter": "depth = 2"}, token, 2)
    with pytest.raises(PageTokenError):
        read_token(QUERY, token, 3)


@given(st.text(max_size=50))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(PageTokenError):
        read_token(QUERY, text, 1)


@pytest.mark.parametrize("payload", [[], {}, "x", ["x", 1], ["x", [[1]]], ["x", [{}]], 1, None])
def test_any_other_json_is_refused(payload: object) -> None:
    token = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode()

    with pytest.raises(PageTokenError):
        read_token(QUERY, token, 1)


def test_deeply_nested_json_is_refused() -> None:
    token = base64.urlsafe_b64encode(b"[" * 1400).decode()

    with pytest.raises(PageTokenError):
        read_token(QUERY, token, 1)
