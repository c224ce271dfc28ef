"""A sweep as a user of PyTorch and Ray Tune would write it: one Tune trial per configuration.

``python -m benchmarks.plain_sweep`` runs it on a running Ray and prints seconds as JSON. Of
Fathom it imports the digits and the initial weights only, so that both sides train networks of the
same kind. It reports the same metrics: loss and error of full passes over both splits after every
epoch.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import click
import ray
import torch
from ray import tune
from torch import Tensor, nn
from torch.nn import functional

import rwinit
from workers.datasets import load

# Parameters of a trial by name: Tune passes plain mappings.
Config = dict[str, Any]
Splits = tuple[Tensor, Tensor, Tensor, Tensor]


def digits() -> Splits:
    """Return inputs and labels of the training split, then of the evaluation split."""
    data = load("digits", data_dir=None, registry_dir=None)
    assert data.train_y is not None
    assert data.eval_y is not None
    arrays = (data.train_x, data.train_y, data.eval_x, data.eval_y)
    train_x, train_y, eval_x, eval_y = (torch.from_numpy(array.copy()) for array in arrays)
    return train_x, train_y, eval_x, eval_y


def training(config: Config, splits: Splits) -> Iterator[dict[str, float]]:
    """Train one network, and yield the metrics of each epoch."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(config["seed"])
    network = _network(config["depth"], config["width"])
    optimizer = torch.optim.SGD(network.parameters(), lr=config["lr"])
    train_x, train_y, eval_x, eval_y = splits
    for epoch in range(1, config["epochs"] + 1):
        for batch in torch.split(torch.randperm(len(train_x)), 100):
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(train_x[batch]), train_y[batch])
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
            optimizer.step()
        train_loss, train_error = _measured(network, train_x, train_y)
        eval_loss, eval_error = _measured(network, eval_x, eval_y)
        yield {
            "epoch": epoch,
            "train_loss": train_loss,
            "train_error": train_error,
            "eval_loss": eval_loss,
            "eval_error": eval_error,
        }


def _network(depth: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise([64, *[width] * depth]):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(width, 10))
    rwinit.initialize(network, generator=torch.Generator().manual_seed(torch.initial_seed()))
    return network


@torch.no_grad()
def _measured(network: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    logits = network(x)
    error = (logits.argmax(1) != y).double().mean().item()
    return functional.cross_entropy(logits, y).item(), error


def train(config: Config, splits: Splits) -> None:
    """Run a trial as a function trainable."""
    for report in training(config, splits):
        tune.report(report)


class ReusableTrainable(tune.Trainable):
    """Run trials as a class trainable, whose actor Tune can reuse for the next trial."""

    def setup(self, config: Config, splits: Splits | None = None) -> None:
        """Load the data and start the first configuration."""
        self._splits = splits or digits()
        self.reset_config(config)

    def reset_config(self, new_config: Config) -> bool:
        """Start the next configuration on the same actor."""
        self._epochs = training(new_config, self._splits)
        self._last = new_config["epochs"]
        return True

    def step(self) -> dict[str, Any]:  # Any: Tune's own keys among them
        """Train for one epoch."""
        report = next(self._epochs)
        return {**report, "done": report["epoch"] == self._last}


@click.command()
@click.option("--address", required=True, help="Address of the running Ray.")
@click.option("--depth", "depths", multiple=True, type=int, required=True)
@click.option("--width", type=int, default=32, show_default=True)
@click.option("--epochs", type=int, required=True)
@click.option("--trials", type=int, required=True, help="All depths together.")
@click.option("--reuse-actors", is_flag=True)
def main(
    address: str, depths: tuple[int, ...], width: int, epochs: int, trials: int, reuse_actors: bool
) -> None:
    """Run a sweep and print the wall seconds of `Tuner.fit`."""
    ray.init(address=address, log_to_driver=False)
    configs = [
        {
            "depth": depths[place % len(depths)],
            "width": width,
            "epochs": epochs,
            "lr": 1e-2 / depths[place % len(depths)],
            "seed": place,
        }
        for place in range(trials)
    ]
    trainable = ReusableTrainable if reuse_actors else train
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(trainable, splits=digits()), {"cpu": 1}),
            param_space=tune.grid_search(configs),
            tune_config=tune.TuneConfig(reuse_actors=reuse_actors),
            run_config=tune.RunConfig(
                storage_path=folder,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                verbose=0,
            ),
        )
        start = time.perf_counter()
        results = tuner.fit()
        seconds = time.perf_counter() - start
    if results.num_errors:
        raise click.ClickException(str(results.errors[0]))
    click.echo(json.dumps({"seconds": seconds, "trials": len(results)}))


if __name__ == "__main__":
    # The future default of Ray, chosen here so that its warning does not appear.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    main()
