"""Schemas of predictions for one random network."""

from pydantic import Field

from service.schemas.base import Schema


class TheoryGain(Schema):
    """The unbiased g, at which the mean log gradient norm does not change with depth."""

    activation: str
    width: int
    depth: int | None = Field(description="Number of hidden layers; null for the limit of many.")
    weights: str
    slope: float
    gain: float = Field(description="The unbiased g.")
    standard_error: float = Field(description="Standard error of `gain`; 0 if it is exact.")
    exact: bool = Field(description="Whether `gain` has a closed form.")
    n_samples: int = Field(description="Number of simulated networks; 0 if `gain` is exact.")
    paper_gain: float | None = Field(
        description="g by the formulas of arXiv:1412.6558; null for a network without one."
    )
    he: float = Field(description="g by the scheme of He et al., arXiv:1502.01852.")


class TheoryQuantile(Schema):
    """A quantile of the log gradient norm."""

    probability: float = Field(description="Probability of a smaller value.")
    log_norm: float = Field(description="The quantile of ln(|delta_1| / |delta_D|), in nats.")


class TheoryCorrelation(Schema):
    """Change with depth of the correlation of two inputs, in the limit of wide networks."""

    fixed_point: float = Field(description="Correlation in the limit of many layers.")
    chi: float = Field(
        description=(
            "Above 1 two similar inputs decorrelate with depth; below 1 they become identical."
        )
    )
    depth_scale: float | None = Field(
        description=(
            "Number of layers over which the distance from the fixed point falls by a factor of "
            "e; null if it falls more slowly than exponentially."
        )
    )


class TheoryWalk(Schema):
    """Predicted distribution of the log gradient norm of a random network."""

    activation: str
    width: int
    depth: int
    weights: str
    slope: float
    g: float
    exact: bool = Field(description="Whether drift and spread have a closed form.")
    drift: float = Field(description="Mean of ln(|delta_1| / |delta_D|), in nats.")
    drift_error: float = Field(description="Standard error of `drift`; 0 if it is exact.")
    spread: float = Field(description="Standard deviation of ln(|delta_1| / |delta_D|), in nats.")
    n_samples: int = Field(
        description="Number of simulated networks; 0 if drift and spread are exact."
    )
    quantiles: tuple[TheoryQuantile, ...] = Field(
        description="Quantiles of the normal distribution with this drift and spread."
    )
    death_probability: float | None = Field(
        description="Probability that some layer passes no gradient; null without a formula."
    )
    inverse_width_sum: float = Field(description="Sum of 1 / width over the hidden layers.")
    bound: float = Field(description="The bound of `depth_limit`, in nats.")
    probability: float = Field(description="The probability of `depth_limit`.")
    depth_limit: int | None = Field(
        description=(
            "Largest depth at which the log gradient norm lies within `bound` of 0 with at least "
            "`probability`; null if the law is not exact, or if there is no limit."
        )
    )
    correlation: TheoryCorrelation | None = Field(
        description="Null if activations grow without bound, or all units saturate."
    )
