"""The client: one method per call of the API, over one pooled HTTP connection."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID, uuid4

import httpx
from pydantic import ValidationError

from service.client.errors import ProblemError, UnreachableError
from service.client.retries import with_retries
from service.schemas.base import Schema
from service.schemas.comparisons import DepthComparison, GroupComparison
from service.schemas.datasets import DatasetList, DatasetRead
from service.schemas.epochs import EpochList, EpochRead
from service.schemas.layers import LayerList
from service.schemas.preview import Preview
from service.schemas.problems import Problem
from service.schemas.sweeps import SweepDetail, SweepPage, SweepRead
from service.schemas.theory import TheoryGain, TheoryWalk
from service.schemas.trials import TrialPage, TrialRead

DEFAULT_URL = "http://127.0.0.1:8000"
YAML = "application/yaml"
JSON = "application/json"

_Answered = TypeVar("_Answered", bound=Schema)
_Page = TypeVar("_Page", SweepPage, TrialPage)
_Item = TypeVar("_Item", SweepRead, TrialRead)
_Query = Mapping[str, str | int | float | None]


class Client:
    """A connection to one service; close it, or use it as a context manager.

    Args:
        base_url: Where the service listens.
        key: Sent as ``Authorization: Bearer`` if given.
        timeout_seconds: For connecting and for each answer.
        retry_seconds: For how long a call is repeated that finds no service, or one that is away
            for a moment (502, 503, 504); the last attempt may take its timeout on top. At 0 every
            call is made once.

    Every method raises `UnreachableError` if nothing answers and `ProblemError` if the service
    refuses. What would be done twice if it were repeated is not repeated, and `is_ready` and
    `preview` ask once.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        key: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        retry_seconds: float = 10.0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._retry_seconds = retry_seconds
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # Proxies of the environment are for the outside world, not for a service of one's own.
        self._http = httpx.Client(
            base_url=self.base_url, headers=headers, timeout=timeout_seconds, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def submit(
        self, spec: str | Path, *, media: str | None = None, idempotency_key: str | None = None
    ) -> SweepDetail:
        """Queue a sweep.

        Args:
            spec: The spec's text, or the file that holds it.
            media: ``application/yaml`` or ``application/json``; by default what the file's name
                says, and YAML (of which JSON is a part) for text.
            idempotency_key: Makes a repeated call return the first one's sweep. By default a new
                one for each call, so that what is repeated inside it submits once.
        """
        text, media = _content(spec, media)
        headers = {"Content-Type": media, "Idempotency-Key": idempotency_key or str(uuid4())}
        response = self._send("POST", "/v1/sweeps", content=text, headers=headers, repeat=True)
        return SweepDetail.model_validate_json(response.content)

    def preview(self, spec: str | Path, *, media: str | None = None) -> Preview:
        """Return what a sweep would run and take, and what theory expects of it; stores nothing.

        Walks that are ``pending`` are being simulated: ask again.

        Args:
            spec: As for `submit`.
            media: As for `submit`.
        """
        text, media = _content(spec, media)
        headers = {"Content-Type": media}
        response = self._send("POST", "/v1/sweeps/preview", content=text, headers=headers)
        return Preview.model_validate_json(response.content)

    def get(self, sweep_id: UUID) -> SweepDetail:
        """Return a sweep."""
        return self._get(SweepDetail, f"/v1/sweeps/{sweep_id}", {})

    def list(self, *, state: str | None = None) -> Iterator[SweepRead]:
        """Yield sweeps, newest first, page by page."""
        query: _Query = {"state": state, "page_size": 100}
        return self._pages(SweepPage, lambda page: page.sweeps, "/v1/sweeps", query)

    def wait(
        self,
        sweep_id: UUID,
        *,
        timeout_seconds: float | None = None,
        poll_seconds: float = 1.0,
        on_progress: Callable[[SweepDetail], None] | None = None,
    ) -> SweepDetail:
        """Return a sweep once it has ended.

        Args:
            sweep_id: The sweep.
            timeout_seconds: How long to wait at most; None is for ever.
            poll_seconds: Time between looks.
            on_progress: Called with every look, the last one included.

        Raises:
            TimeoutError: It had not ended in time.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            sweep = self.get(sweep_id)
            if on_progress is not None:
                on_progress(sweep)
            if sweep.ended:
                return sweep
            if deadline is not None and time.monotonic() + poll_seconds > deadline:
                raise TimeoutError(f"sweep {sweep_id} is still {sweep.state}")
            time.sleep(poll_seconds)

    def cancel(self, sweep_id: UUID) -> SweepDetail:
        """Ask a sweep to end; its workers wind down."""
        return self._act(sweep_id, "cancel")

    def pause(self, sweep_id: UUID) -> SweepDetail:
        """Ask a sweep to stop for now, keeping what it has."""
        return self._act(sweep_id, "pause")

    def resume(self, sweep_id: UUID) -> SweepDetail:
        """Let a paused sweep go on."""
        return self._act(sweep_id, "resume")

    def trials(
        self,
        sweep_id: UUID,
        *,
        filter: str | None = None,
        order_by: str | None = None,
        fields: str | None = None,
        page_size: int = 500,
    ) -> Iterator[TrialRead]:
        """Yield a sweep's trials, page by page.

        Args:
            sweep_id: The sweep.
            filter: Such as ``depth >= 100 and outcome = "diverged"``.
            order_by: A column, ``-`` before it for descending; planning order by default.
            fields: Columns to ask for, separated by commas; all by default.
            page_size: Trials per request.
        """
        query: _Query = {
            "sweep_id": str(sweep_id),
            "filter": filter,
            "order_by": order_by,
            "fields": fields,
            "page_size": page_size,
        }
        return self._pages(TrialPage, lambda page: page.trials, "/v1/trials", query)

    def trial(self, trial_id: UUID) -> TrialRead:
        """Return a trial."""
        return self._get(TrialRead, f"/v1/trials/{trial_id}", {})

    def epochs(self, trial_id: UUID) -> tuple[EpochRead, ...]:
        """Return what a trial measured, by epoch."""
        return self._get(EpochList, f"/v1/trials/{trial_id}/epochs", {}).epochs

    def layers(self, trial_id: UUID, *, epoch: int | None = None) -> LayerList:
        """Return a trial's layer profiles, of all epochs that have one or of one of them."""
        return self._get(LayerList, f"/v1/trials/{trial_id}/layers", {"epoch": epoch})

    def compare(
        self,
        sweep_id: UUID,
        *,
        group_by: str = "depth",
        metric: str = "train_error",
        at: str = "final",
        ci: str = "t",
        level: float = 0.95,
        filter: str | None = None,
    ) -> GroupComparison:
        """Return groups of a sweep's trials, summarized over what they do not share.

        Args:
            sweep_id: The sweep.
            group_by: Columns, separated by commas.
            metric: train_loss, train_error, eval_loss or eval_error.
            at: final, best, or an epoch's number.
            ci: t, or bootstrap (which covers too little for few seeds).
            level: Nominal coverage of the interval.
            filter: Which trials; all by default.
        """
        query = _comparison_query(sweep_id, metric, at, ci, level)
        return self._get(
            GroupComparison, "/v1/compare", query | {"group_by": group_by, "filter": filter}
        )

    def compare_depth(
        self,
        sweep_id: UUID,
        *,
        metric: str = "train_error",
        at: str = "final",
        ci: str = "t",
        level: float = 0.95,
    ) -> DepthComparison:
        """Return the best configuration of every depth."""
        query = _comparison_query(sweep_id, metric, at, ci, level)
        return self._get(DepthComparison, "/v1/compare/depth", query)

    def depth_chart(
        self,
        sweep_id: UUID,
        *,
        format: str = "svg",
        metric: str = "train_error",
        at: str = "final",
    ) -> bytes:
        """Return the chart of the best result against depth, as ``svg``, ``png`` or ``vl.json``."""
        query = _comparison_query(sweep_id, metric, at, "t", 0.95)
        return self._send("GET", f"/v1/compare/depth.{format}", query=query).content

    def theory_gain(
        self,
        activation: str,
        width: int,
        depth: int | None = None,
        *,
        weights: str = "gaussian",
        slope: float = 0.01,
    ) -> TheoryGain:
        """Return the g at which the log norm of the error has no drift.

        Args:
            activation: Nonlinearity of the hidden layers.
            width: Units per hidden layer.
            depth: Hidden layers; None stands for a long walk.
            weights: gaussian or orthogonal.
            slope: Negative-side slope; read for leaky_relu only.
        """
        query: _Query = {
            "activation": activation,
            "width": width,
            "depth": depth,
            "weights": weights,
            "slope": slope,
        }
        return self._get(TheoryGain, "/v1/theory/gain", query)

    def theory_walk(
        self,
        activation: str,
        width: int,
        depth: int,
        *,
        g: float | None = None,
        weights: str = "gaussian",
        slope: float = 0.01,
        bound: float | None = None,
        probability: float | None = None,
    ) -> TheoryWalk:
        """Return the predicted law of the log gradient norm of a random network.

        Args:
            activation: Nonlinearity of the hidden layers.
            width: Units per hidden layer.
            depth: Hidden layers.
            g: Multiplier of the hidden matrices; None takes the unbiased one.
            weights: gaussian or orthogonal.
            slope: Negative-side slope; read for leaky_relu only.
            bound: Of ``depth_limit``, in nats; ln 1000 by default.
            probability: Of ``depth_limit``; 0.95 by default.
        """
        query: _Query = {
            "activation": activation,
            "width": width,
            "depth": depth,
            "g": g,
            "weights": weights,
            "slope": slope,
            "bound": bound,
            "probability": probability,
        }
        return self._get(TheoryWalk, "/v1/theory/walk", query)

    def is_ready(self) -> bool:
        """Return whether the service answers and its database is ready."""
        try:
            self._send("GET", "/readyz", repeat=False)
        except (ProblemError, UnreachableError):
            return False
        return True

    def datasets(self) -> tuple[DatasetRead, ...]:
        """Return the data sets that specs may name."""
        return self._get(DatasetList, "/v1/datasets", {}).datasets

    def _act(self, sweep_id: UUID, action: str) -> SweepDetail:
        # The service lets a sweep be asked for the same twice.
        response = self._send("POST", f"/v1/sweeps/{sweep_id}/{action}", repeat=True)
        return SweepDetail.model_validate_json(response.content)

    def _get(self, model: type[_Answered], path: str, query: _Query) -> _Answered:
        return model.model_validate_json(self._send("GET", path, query=query).content)

    def _pages(
        self,
        model: type[_Page],
        items: Callable[[_Page], tuple[_Item, ...]],
        path: str,
        query: _Query,
    ) -> Iterator[_Item]:
        token: str | None = None
        while True:
            page = self._get(model, path, {**query, "page_token": token})
            yield from items(page)
            token = page.next_page_token or None
            if token is None:
                return

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: _Query | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool | None = None,
    ) -> httpx.Response:
        """Return the answer to a request; ``repeat`` says whether it may be sent again.

        By default only a GET is.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        request = self._http.build_request(
            method, path, params=given, content=content, headers=dict(headers or {})
        )
        again = method == "GET" if repeat is None else repeat
        try:
            response = with_retries(
                lambda: self._http.send(request), self._retry_seconds if again else 0
            )
        except httpx.TransportError as error:
            raise UnreachableError(self.base_url, str(error) or type(error).__name__) from error
        if response.is_error:
            raise ProblemError(_problem(response))
        return response


def _content(spec: str | Path, media: str | None) -> tuple[bytes, str]:
    """Return a spec's bytes and media type."""
    text = spec.read_text("utf-8") if isinstance(spec, Path) else spec
    if media is None:
        media = JSON if isinstance(spec, Path) and spec.suffix == ".json" else YAML
    return text.encode(), media


def _comparison_query(
    sweep_id: UUID, metric: str, at: str, ci: str, level: float
) -> dict[str, str | int | float | None]:
    return {"sweep_id": str(sweep_id), "metric": metric, "at": at, "ci": ci, "level": level}


def _problem(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        # Something between here and the service answered, such as a proxy.
        return Problem(
            title=f"HTTP {response.status_code} {response.reason_phrase}",
            status=response.status_code,
            detail=response.text[:200],
            code="not_a_problem_document",
        )
