"""The client repeats safe calls while the service is away, and no others."""

import logging
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
import stamina

from service.client import Client, ProblemError, UnreachableError, retries
from tests.client.flaky_front import Fault, Front, flaky_front
from tests.query.sweep_rows import SPEC


@pytest.fixture
def front(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    monkeypatch.setattr(retries, "_SHORTEST_WAIT", 0.01)
    with flaky_front(url) as front:
        yield front


@pytest.fixture
def client(front: Front) -> Iterator[Client]:
    with Client(front.url, retry_seconds=5) as client:
        yield client


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of sleeps to come, none of which takes time."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


@pytest.mark.parametrize("faults", [[502], [503, 504], [Fault.DROP] * 3, [Fault.LOSE, 503]])
def test_a_question_is_asked_again_until_it_is_answered(
    front: Front, client: Client, faults: list[Fault | int]
) -> None:
    front.faults = list(faults)

    assert [dataset.name for dataset in client.datasets()] == ["digits"]
    assert [(seen.method, seen.path) for seen in front.seen] == [("GET", "/v1/datasets")] * (
        len(faults) + 1
    )


def test_a_question_that_times_out_is_asked_again(front: Front) -> None:
    front.faults = [Fault.STALL]

    with Client(front.url, timeout_seconds=0.3, retry_seconds=5) as client:
        client.datasets()

    assert len(front.seen) == 2


def test_a_service_that_does_not_listen_yet_is_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    ports = [closed, closed, httpx.URL(url).port]
    send = httpx.HTTPTransport.handle_request

    def send_to_the_next_port(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=ports.pop(0))
        return send(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", send_to_the_next_port)
    monkeypatch.setattr(retries, "_SHORTEST_WAIT", 0.01)
    with Client(url, retry_seconds=5) as client:
        client.datasets()

    assert ports == []


@pytest.mark.parametrize("fault", [503, Fault.DROP, Fault.LOSE])
def test_what_is_submitted_again_has_the_same_key_and_is_one_sweep(
    front: Front, client: Client, fault: Fault | int
) -> None:
    front.faults = [fault, fault]

    sweep = client.submit(SPEC)

    keys = {seen.key for seen in front.seen}
    assert len(front.seen) == 3
    assert len(keys) == 1
    assert None not in keys
    assert len({seen.body for seen in front.seen}) == 1
    assert [each.id for each in client.list()] == [sweep.id]


def test_two_calls_have_two_keys_and_a_given_key_is_kept(front: Front, client: Client) -> None:
    first, second = client.submit(SPEC), client.submit(SPEC)
    client.submit(SPEC, idempotency_key="mine")

    assert first.id != second.id
    keys = [seen.key for seen in front.seen]
    assert len(set(keys)) == 3
    assert keys[-1] == "mine"


@pytest.mark.parametrize("fault", [503, Fault.DROP])
def test_a_request_without_a_key_is_sent_once(
    front: Front, client: Client, fault: Fault | int
) -> None:
    front.faults = [fault]

    with pytest.raises((ProblemError, UnreachableError)):
        client.preview(SPEC)

    assert len(front.seen) == 1


def test_a_control_whose_answer_is_lost_is_sent_again_and_done_once(
    front: Front, client: Client
) -> None:
    sweep = client.submit(SPEC)
    states = []
    for action in (client.pause, client.resume, client.cancel):
        front.faults = [Fault.LOSE, 503]
        states.append(action(sweep.id).state)

    assert states == ["paused", "queued", "cancelled"]
    assert len(front.seen) == 1 + 3 * 3


def test_a_refusal_or_a_failure_of_the_service_is_not_asked_again(
    front: Front, client: Client
) -> None:
    with pytest.raises(ProblemError, match="no sweep"):
        client.get(uuid4())
    assert len(front.seen) == 1

    front.faults = [500]
    with pytest.raises(ProblemError):
        client.datasets()
    assert len(front.seen) == 2


def test_a_service_that_stays_away_is_given_up_in_time_with_its_last_answer(front: Front) -> None:
    front.faults = [503] * 1000
    start = time.monotonic()

    with Client(front.url, retry_seconds=0.3) as client, pytest.raises(ProblemError) as caught:
        client.datasets()

    assert caught.value.status == 503
    assert 0.3 <= time.monotonic() - start < 3
    assert len(front.seen) > 2


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_nobody_there_is_an_error_in_time(seconds: float) -> None:
    start = time.monotonic()

    client = Client("http://127.0.0.1:9", retry_seconds=seconds)
    with client, pytest.raises(UnreachableError):
        client.get(uuid4())

    assert seconds <= time.monotonic() - start < seconds + 3


def test_retries_can_be_turned_off_and_a_look_at_readiness_is_one(front: Front) -> None:
    front.faults = [503, 503]

    with Client(front.url, retry_seconds=0) as client, pytest.raises(ProblemError):
        client.datasets()
    with Client(front.url) as client:
        assert not client.is_ready()

    assert len(front.seen) == 2


def test_the_wait_that_a_service_asks_for_is_kept(
    front: Front, client: Client, naps: list[float]
) -> None:
    front.faults, front.retry_after = [503, 503], "2"

    client.datasets()

    assert naps == [2.0, 2.0]


@pytest.mark.parametrize("asked", ["6", "9" * 400])
def test_a_wait_beyond_the_time_for_retries_is_not_begun(
    front: Front, client: Client, naps: list[float], asked: str
) -> None:
    front.faults, front.retry_after = [503], asked

    with pytest.raises(ProblemError):
        client.datasets()

    assert naps == []


@pytest.mark.parametrize("asked", ["0", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_says_nothing_of_use_becomes_a_short_one(
    front: Front, client: Client, naps: list[float], asked: str
) -> None:
    front.faults, front.retry_after = [503], asked

    client.datasets()

    assert len(naps) == 1
    assert 0 < naps[0] < 1


def test_the_clients_retries_log_nothing_and_those_of_others_still_do(
    front: Front, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def others() -> None:
        raise LookupError("of others")

    front.faults = [503, Fault.DROP]
    with caplog.at_level(logging.DEBUG, "stamina"):
        client.datasets()
        assert [record for record in caplog.records if record.name == "stamina"] == []
        with pytest.raises(LookupError):
            stamina.retry(on=LookupError, attempts=2, wait_initial=0, wait_jitter=0)(others)()

    assert "stamina" in {record.name for record in caplog.records}
