"""The HTTP client: one method per call of the API."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
from pydantic import ValidationError

from service.client.errors import ProblemError, UnreachableError
from service.client.retries import with_retries
from service.schemas.base import Schema
from service.schemas.claims import (
    ClaimDetail,
    ClaimList,
    ClaimRead,
    JudgementRead,
    JudgementRequest,
)
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

_Model = TypeVar("_Model", bound=Schema)
_Page = TypeVar("_Page", SweepPage, TrialPage)
_Item = TypeVar("_Item", SweepRead, TrialRead)
_Query = Mapping[str, str | int | float | None]


class Client:
    """A client of one service; close it after use, or use it as a context manager.

    Args:
        base_url: URL of the service.
        key: API key, sent as ``Authorization: Bearer``; None sends none.
        timeout_seconds: Timeout for connecting and for each answer.
        retry_seconds: How long a request is repeated while no service answers, or one answers 502,
            503 or 504; the last attempt may take its timeout on top. At 0 nothing is repeated.

    Every method raises `UnreachableError` if nothing answers and `ProblemError` if the service
    answers with an error. Only requests that are safe to repeat are repeated; `is_ready` and
    `preview` send theirs once.
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
        # trust_env=False: a proxy from the environment cannot reach a service on localhost.
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
            media: ``application/yaml`` or ``application/json``. By default JSON for a file whose
                name ends in .json, else YAML, of which JSON is a subset.
            idempotency_key: Calls with the same key and spec return the same sweep. By default
                each call has a new key, so that only its own retries share a sweep.
        """
        text, media = _content(spec, media)
        headers = {"Content-Type": media, "Idempotency-Key": idempotency_key or str(uuid4())}
        response = self._send("POST", "/v1/sweeps", content=text, headers=headers, repeat=True)
        return SweepDetail.model_validate_json(response.content)

    def preview(self, spec: str | Path, *, media: str | None = None) -> Preview:
        """Return the trials and cost of a sweep, and its predictions, without storing anything.

        Predictions that are ``pending`` are being simulated: call again later.

        Args:
            spec: The spec's text, or the file that holds it.
            media: Media type of the spec; the default is that of `submit`.
        """
        text, media = _content(spec, media)
        headers = {"Content-Type": media}
        response = self._send("POST", "/v1/sweeps/preview", content=text, headers=headers)
        return Preview.model_validate_json(response.content)

    def get(self, sweep_id: UUID) -> SweepDetail:
        """Return a sweep with its spec."""
        return self._get(SweepDetail, f"/v1/sweeps/{sweep_id}", {})

    def list(self, *, state: str | None = None) -> Iterator[SweepRead]:
        """Yield sweeps, newest first; pages are requested as needed."""
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
        """Wait until a sweep has ended, and return it.

        Args:
            sweep_id: The sweep.
            timeout_seconds: Longest time to wait; None waits without limit.
            poll_seconds: Time between two requests.
            on_progress: Called with the sweep after each request, the last one included.

        Raises:
            TimeoutError: The sweep has not ended in time.
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
        """Cancel a sweep; a running one is ``cancelling`` until its workers have stopped."""
        return self._act(sweep_id, "cancel")

    def pause(self, sweep_id: UUID) -> SweepDetail:
        """Pause a sweep; a running one is ``pausing`` until its workers have stopped."""
        return self._act(sweep_id, "pause")

    def resume(self, sweep_id: UUID) -> SweepDetail:
        """Queue a paused sweep again; it continues with its unfinished trials."""
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
        """Yield a sweep's trials; pages are requested as needed.

        Args:
            sweep_id: The sweep.
            filter: Filter expression, such as ``depth >= 100 and outcome = "diverged"``.
            order_by: Column to sort by, ``-`` before it for descending; default: planning order.
            fields: Columns to return, separated by commas; all by default.
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
        """Return the measurements of a trial by epoch."""
        return self._get(EpochList, f"/v1/trials/{trial_id}/epochs", {}).epochs

    def layers(self, trial_id: UUID, *, epoch: int | None = None) -> LayerList:
        """Return a trial's layer profiles, of one epoch or of all that have one."""
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
        """Return statistics of groups of a sweep's trials.

        Args:
            sweep_id: The sweep.
            group_by: Columns whose values make the groups, separated by commas.
            metric: train_loss, train_error, eval_loss or eval_error.
            at: final, best, or an epoch's number.
            ci: t, or bootstrap, whose intervals are too narrow for few seeds.
            level: Nominal coverage of the intervals.
            filter: Filter expression of the trials; None for all.
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
        """Return the best configuration of each depth; the parameters are those of `compare`."""
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
        """Return the unbiased g, at which the mean log gradient norm does not change with depth.

        Args:
            activation: Nonlinearity of the hidden layers.
            width: Units per hidden layer.
            depth: Number of hidden layers; None for the limit of many.
            weights: gaussian or orthogonal.
            slope: Slope for negative inputs; only leaky_relu uses it.
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
        """Return the predicted distribution of a random network's log gradient norm.

        Args:
            activation: Nonlinearity of the hidden layers.
            width: Units per hidden layer.
            depth: Number of hidden layers.
            g: Factor of the hidden matrices; None for the unbiased g.
            weights: gaussian or orthogonal.
            slope: Slope for negative inputs; only leaky_relu uses it.
            bound: Largest log gradient norm at ``depth_limit``, in nats; ln 1000 by default.
            probability: Probability of staying within the bound; 0.95 by default.
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

    def claims(self) -> tuple[ClaimRead, ...]:
        """Return the claims that sweeps can judge, with their newest judgements."""
        return self._get(ClaimList, "/v1/claims", {}).claims

    def claim(self, name: str) -> ClaimDetail:
        """Return a claim with its specs, its rules and its newest judgements."""
        return self._get(ClaimDetail, f"/v1/claims/{quote(name, safe='')}", {})

    def judge(self, name: str, sweep_id: UUID) -> JudgementRead:
        """Judge a claim by a completed sweep of its spec, and return the stored judgement."""
        path = f"/v1/claims/{quote(name, safe='')}/judgements"
        content = JudgementRequest(sweep_id=sweep_id).model_dump_json().encode()
        # Safe to repeat: the same trials give the same judgement.
        response = self._send(
            "POST", path, content=content, headers={"Content-Type": JSON}, repeat=True
        )
        return JudgementRead.model_validate_json(response.content)

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
        # Safe to repeat: the service accepts a change to the state that a sweep already has.
        response = self._send("POST", f"/v1/sweeps/{sweep_id}/{action}", repeat=True)
        return SweepDetail.model_validate_json(response.content)

    def _get(self, model: type[_Model], path: str, query: _Query) -> _Model:
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
        """Return the answer to a request.

        Args:
            method: HTTP method.
            path: Path below the base URL.
            query: Query parameters; those that are None are left out.
            content: Body.
            headers: Headers besides the client's own.
            repeat: Whether the request may be sent again; None allows it for GET only.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        request = self._http.build_request(
            method, path, params=given, content=content, headers=dict(headers or {})
        )
        is_repeatable = method == "GET" if repeat is None else repeat
        try:
            response = with_retries(
                lambda: self._http.send(request), self._retry_seconds if is_repeatable else 0
            )
        except httpx.TransportError as error:
            raise UnreachableError(self.base_url, str(error) or type(error).__name__) from error
        if response.is_error:
            raise ProblemError(_problem(response))
        return response


def _content(spec: str | Path, media: str | None) -> tuple[bytes, str]:
    """Return the bytes and the media type of a spec."""
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
        # Another program answered, such as a proxy in front of the service.
        return Problem(
            title=f"HTTP {response.status_code} {response.reason_phrase}",
            status=response.status_code,
            detail=response.text[:200],
            code="not_a_problem_document",
        )
