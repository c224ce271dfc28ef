"""Run the sweeps of claims, and judge the claims by them."""

from collections.abc import Sequence

import click

from service.cli.progress import follow
from service.client import Client, ProblemError, SweepDetail


def run(client: Client, names: Sequence[str], size: str) -> list[str]:
    """Submit the sweeps of claims, wait for them, and judge; return a line for each failure.

    A sweep of the same spec that completed before is judged again instead of run again.

    Args:
        client: The service.
        names: Names of the claims.
        size: ``laptop`` or ``full``.
    """
    failures: list[str] = []
    queued: list[tuple[str, SweepDetail]] = []
    for name in names:
        try:
            queued.append((name, _submit(client, name, size)))
        except ProblemError as error:
            # One claim whose data set is missing must not keep the others from running.
            reasons = [str(error), *(f"{each.path}: {each.message}" for each in error.issues)]
            failures.append(f"{name} cannot be run here: {'; '.join(reasons)}")
    for name, sweep in queued:
        click.echo(f"{name} ({size})", err=True)
        ended = sweep if sweep.ended else follow(client, sweep.id)
        if ended.state != "completed":
            failures.append(f"{name}: the sweep is {ended.state}: {ended.message or 'no reason'}")
            continue
        judgement = client.judge(name, ended.id)
        click.echo(f"{name} is {judgement.evidence.verdict}", err=True)
    return failures


def _submit(client: Client, name: str, size: str) -> SweepDetail:
    """Return the claim's sweep: a new one if none was submitted, or the last one has failed."""
    claim = client.claim(name)
    sized = next(each for each in claim.sizes if each.size == size)
    key = f"claim-{size}-{sized.spec_hash[:32]}"
    while True:
        sweep = client.submit(sized.spec, media="application/json", idempotency_key=key)
        if sweep.state not in ("failed", "cancelled"):
            return sweep
        # A failed sweep keeps its key for ever; its successor has one made from it.
        key = f"claim-{size}-{sized.spec_hash[:32]}-after-{sweep.id}"
