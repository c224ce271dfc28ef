"""Draw the estimates of a claim's judgement with their intervals, and what the claim predicts."""

import textwrap
from typing import Final

import altair as alt

from service.charts.theme import CATEGORICAL, HEIGHT, INK, MUTED, WIDTH, config, on, viridis
from service.schemas.claims import ClaimRead, FigurePoint, JudgementRead

_LINE_CHARACTERS: Final = 98
# The axes' titles are long for some quantities; a longer one would be cut at the picture's edge.
_TITLE_CHARACTERS: Final = 46


def draw(claim: ClaimRead, judgement: JudgementRead) -> alt.LayerChart:
    """Return the chart with its data embedded; all numbers in it are finite."""
    points = judgement.evidence.points
    layers = [*_intervals(judgement), _estimates(judgement), _predictions(judgement)]
    return alt.LayerChart(
        layer=layers if points else [_notice()],
        title=alt.Title(
            f"{claim.name}: {judgement.evidence.verdict}", subtitle=_subtitle(claim, judgement)
        ),
        width=WIDTH,
        height=HEIGHT,
        datasets={
            "points": [_row(each) for each in points],
            "predicted": [_predicted(each) for each in points if each.predicted is not None],
        },
        config=config(),
    )


def _row(point: FigurePoint) -> dict[str, object]:
    known = point.low is not None and point.high is not None
    return {
        "x": point.x,
        "y": point.y,
        "low": point.low if known else point.y,
        "high": point.high if known else point.y,
        "series": point.series,
    }


def _predicted(point: FigurePoint) -> dict[str, object]:
    return {"x": point.x, "y": point.predicted, "series": point.series}


def _subtitle(claim: ClaimRead, judgement: JudgementRead) -> list[str]:
    evidence = judgement.evidence
    words = f"{evidence.quantity}; expected {evidence.expected}"
    lines = textwrap.wrap(words[0].upper() + words[1:], _LINE_CHARACTERS)
    n = f"{evidence.n} seeds · " if evidence.n else ""
    found = ""
    if evidence.estimate is not None:
        found = f"estimate {evidence.estimate:.3g}"
        if evidence.low is not None and evidence.high is not None:
            found += f" [{evidence.low:.3g}, {evidence.high:.3g}]"
        found += " · "
    drawn = ["bars: confidence intervals · dashed: predicted"] if evidence.points else []
    return [*lines, f"{claim.source} · {judgement.size} · {n}{found}".removesuffix(" · "), *drawn]


def _x(judgement: JudgementRead) -> alt.X:
    axes = judgement.evidence.axes
    values = sorted({point.x for point in judgement.evidence.points})
    axis = alt.Axis(title=axes.x_title, grid=False, format="~g")
    if axes.x_log and len(values) <= 8:
        # The measured values, because a logarithmic axis would label powers of ten alone.
        axis = alt.Axis(title=axes.x_title, grid=False, format=".3~g", values=values)
    return alt.X("x:Q", axis=axis, scale=_scale(axes.x_log))


def _y(judgement: JudgementRead, field: str) -> alt.Y:
    axes = judgement.evidence.axes
    title = textwrap.wrap(axes.y_title, _TITLE_CHARACTERS)
    axis = alt.Axis(title=title, format="~g", tickCount=6)
    return alt.Y(f"{field}:Q", axis=axis, scale=_scale(axes.y_log))


def _scale(log: bool) -> alt.Scale:
    # Padded, so that no point lies on an axis.
    if log:
        return alt.Scale(type="log", nice=False, padding=16)
    return alt.Scale(zero=False, nice=True, padding=16)


def _color(judgement: JudgementRead) -> alt.Color:
    names = list(dict.fromkeys(point.series for point in judgement.evidence.points))
    many = len(names) > len(CATEGORICAL)
    colors = viridis(len(names)) if many else list(CATEGORICAL[: len(names)])
    # One column: the renderer measures long labels too short, and they would overlap.
    legend = alt.Legend(title=None, orient="top", columns=1, labelLimit=600)
    return alt.Color(
        "series:N",
        scale=alt.Scale(domain=names, range=colors),
        legend=legend if len(names) > 1 else None,
    )


def _intervals(judgement: JudgementRead) -> list[alt.Chart]:
    bars: alt.Chart = on("points").mark_rule(strokeWidth=1.6, opacity=0.7)
    return [
        bars.encode(
            x=_x(judgement), y=_y(judgement, "low"), y2=alt.Y2("high"), color=_color(judgement)
        )
    ]


def _estimates(judgement: JudgementRead) -> alt.Chart:
    marks: alt.Chart = on("points").mark_point(filled=True, size=64, opacity=1)
    return marks.encode(x=_x(judgement), y=_y(judgement, "y"), color=_color(judgement))


def _predictions(judgement: JudgementRead) -> alt.Chart:
    line: alt.Chart = on("predicted").mark_line(color=INK, strokeDash=[6, 4], strokeWidth=1.5)
    return line.encode(x=_x(judgement), y=_y(judgement, "y"), detail=alt.Detail("series:N"))


def _notice() -> alt.Chart:
    text = alt.InlineData(values=[{"text": "no group has an estimate"}])
    notice: alt.Chart = alt.Chart(text).mark_text(fontSize=14, color=MUTED)
    return notice.encode(text=alt.Text("text:N"))
