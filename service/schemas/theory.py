"""Schemas of what theory says of one configuration."""

from pydantic import Field

from service.schemas.base import Schema


class TheoryGain(Schema):
    """The g at which the log norm of the error has no drift."""

    activation: str
    width: int
    depth: int | None = Field(description="Null where g was asked for a long walk.")
    weights: str
    slope: float
    gain: float
    standard_error: float = Field(description="0 where the gain is exact.")
    exact: bool = Field(description="Whether it has a closed form.")
    n_samples: int = Field(description="Simulated networks behind it; 0 where it is exact.")
    paper_gain: float | None = Field(
        description="By the formulas of arXiv:1412.6558; null where it has none."
    )
    he: float = Field(description="By the scheme of He et al.")


class TheoryQuantile(Schema):
    """A quantile of the log gradient norm."""

    probability: float
    log_norm: float = Field(description="Of ln(|delta_1| / |delta_D|), in nats.")


class TheoryCorrelation(Schema):
    """How the correlation of two inputs changes with depth in very wide networks."""

    fixed_point: float = Field(description="The correlation that depth leads to.")
    chi: float = Field(
        description=(
            "Above 1 two similar inputs decorrelate with depth; below 1 they become identical."
        )
    )
    depth_scale: float | None = Field(
        description=(
            "Layers over which the distance from the fixed point falls by e; null where it falls "
            "slower."
        )
    )


class TheoryWalk(Schema):
    """The predicted law of the log gradient norm of a random network."""

    activation: str
    width: int
    depth: int
    weights: str
    slope: float
    g: float
    exact: bool = Field(description="Whether the moments have a closed form.")
    drift: float = Field(description="Mean of ln(|delta_1| / |delta_D|), in nats.")
    drift_error: float = Field(description="Its standard error; 0 where it is exact.")
    spread: float = Field(description="Standard deviation of it, in nats.")
    n_samples: int = Field(description="Simulated networks behind them; 0 where they are exact.")
    quantiles: tuple[TheoryQuantile, ...] = Field(description="Of the normal law of these moments.")
    death_probability: float | None = Field(
        description="Chance that some layer passes nothing; null where there is no formula."
    )
    inverse_width_sum: float = Field(description="Sum of 1 / width over the hidden layers.")
    bound: float = Field(description="Nats.")
    probability: float
    depth_limit: int | None = Field(
        description=(
            "Largest depth at which the log gradient norm stays within the bound with the "
            "probability; null where the law is not exact, or nothing limits it."
        )
    )
    correlation: TheoryCorrelation | None = Field(
        description="Null where lengths grow without bound, or no error passes."
    )
