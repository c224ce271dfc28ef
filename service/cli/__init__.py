"""The `fathom` command: a table of commands, each imported when it is called.

Exit codes: 0 done; 1 a watched sweep failed or was cancelled, or the command could not do its
work; 2 wrong usage or a refused spec; 3 no service answers.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    summary: str


_COMMANDS: Mapping[str, _Entry] = {
    "serve": _Entry("service.cli.serve", "Run the whole service on this machine."),
    "api": _Entry("service.cli.serve", "Run the HTTP API alone."),
    "driver": _Entry("service.cli.serve", "Run a driver alone."),
    "db": _Entry("service.cli.database", "Migrate or check the database."),
    "submit": _Entry("service.cli.sweeps", "Queue a sweep."),
    "watch": _Entry("service.cli.sweeps", "Follow a sweep until it ends."),
    "ls": _Entry("service.cli.sweeps", "List sweeps."),
    "show": _Entry("service.cli.sweeps", "Show one sweep."),
    "cancel": _Entry("service.cli.sweeps", "Ask a sweep to end."),
    "pause": _Entry("service.cli.sweeps", "Ask a sweep to stop for now."),
    "resume": _Entry("service.cli.sweeps", "Let a paused sweep go on."),
    "trials": _Entry("service.cli.results", "List a sweep's trials."),
    "compare": _Entry(
        "service.cli.results", "Compare groups of trials, with intervals over seeds."
    ),
    "plot": _Entry("service.cli.results", "Draw the best result against depth."),
    "layers": _Entry("service.cli.layers", "Show a trial's network layer by layer."),
    "theory": _Entry("service.cli.theory", "Predict the walk of a network's gradient norm."),
    "datasets": _Entry("service.cli.datasets", "List or register data sets."),
    "init-env": _Entry("service.cli.init_env", "Write the secrets of a cluster."),
}


class _LazyGroup(click.Group):
    """Knows its commands by name and summary, and imports one when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(entry.module)
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="fathom-sweeps", prog_name="fathom")
def main() -> None:
    """Sweeps over very deep feed-forward networks: how does training error change with depth?

    Start with `fathom serve`; then, in another terminal, `fathom submit SPEC.yaml --watch`.
    """
