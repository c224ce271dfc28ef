"""The Docker engine for the rehearsal: commands, and one compose project."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILES = (("docker-compose.yml",), ("docker-compose.yml", "docker-compose.override.yml"))
"""Every documented combination: a host without a GPU, and one with GPUs."""
# Variables of the shell that the rehearsal keeps: they decide how the image is built. Others of
# Fathom, compose and Ray belong to the user's own services.
_BUILD = ("PYTHON_IMAGE", "TORCH_INDEX", "POSTGRES_IMAGE", "FATHOM_BUILD_NETWORK")


class RehearsalError(Exception):
    """A step of the rehearsal failed; the text says which."""


def run(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, seconds: float = 300
) -> str:
    """Return what a command printed.

    Raises:
        RehearsalError: It failed; the text holds the end of its output.
    """
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RehearsalError(f"`{' '.join(command)}` took over {seconds:.0f} s") from error
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise RehearsalError(f"`{' '.join(command)}` ended with {done.returncode}:\n{tail}")
    return done.stdout.strip()


def missing_engine() -> str | None:
    """Return the reason why no rehearsal is possible here; None if it is."""
    if shutil.which("docker") is None:
        return "there is no `docker` command"
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return "no Docker engine answers"
    return None if _compose_command() else "there is neither `docker compose` nor `docker-compose`"


def _compose_command() -> tuple[str, ...] | None:
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) is not None:
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    return None


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the project.

    Attributes:
        id: Id of the engine, in full.
        name: Service and number.
        service: Its service.
        hostname: Host name inside of the container.
        state: ``running``, ``exited`` and so on.
        health: ``healthy``, ``unhealthy``, ``starting``, or empty without a check.
        addresses: IP address by network, without the project's name.
    """

    id: str
    name: str
    service: str
    hostname: str
    state: str
    health: str
    addresses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Project:
    """One compose project made of the repository's own files.

    Attributes:
        name: Prefix of its containers, networks and volumes.
        folder: Holds its ``.env`` and ``secrets/``.
        port: Published port of the API.
        image: Tag of the image under rehearsal.
    """

    name: str
    folder: Path
    port: int
    image: str

    @property
    def url(self) -> str:
        """URL at which the API is published."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment for compose."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _BUILD or not name.startswith(("FATHOM_", "COMPOSE_", "RAY_"))
        }
        return kept | {
            "COMPOSE_PROJECT_NAME": self.name,
            "FATHOM_PORT": str(self.port),
            "FATHOM_IMAGE": self.image,
            "FATHOM_WORKER_CPUS": "1",
        }

    def command(
        self, *arguments: str, files: Sequence[str] = FILES[0], folder: Path | None = None
    ) -> list[str]:
        """Return a compose command over the repository's files; `folder` is the project's own."""
        named = [part for file in files for part in ("-f", str(ROOT / file))]
        where = folder or self.folder
        env_file = ("--env-file", str(self.folder / ".env")) if not folder else ()
        compose = _compose_command() or ()
        return [*compose, *named, "--project-directory", str(where), *env_file, *arguments]

    def compose(self, *arguments: str, files: Sequence[str] = FILES[0]) -> str:
        """Run compose and return what it printed."""
        return run(self.command(*arguments, files=files), environment=self.environment())

    def build(self) -> None:
        """Build the image as `docker compose build` does, its output shown."""
        command = self.command("build", "migrate", folder=ROOT)
        if subprocess.run(command, env=self.environment(), check=False).returncode:
            raise RehearsalError("the image was not built")

    def containers(self, service: str | None = None) -> list[Container]:
        """Return the project's containers, one-shot ones that ended included."""
        label = f"label=com.docker.compose.project={self.name}"
        ids = run(["docker", "ps", "-aq", "--no-trunc", "--filter", label]).split()
        if not ids:
            return []
        found = [self._container(each) for each in json.loads(run(["docker", "inspect", *ids]))]
        return sorted(
            (each for each in found if service in (None, each.service)), key=lambda c: c.name
        )

    def published(self) -> list[str]:
        """Return the published ports of the project, as ``ADDRESS:PORT->PORT/tcp``."""
        label = f"label=com.docker.compose.project={self.name}"
        ports = run(["docker", "ps", "--filter", label, "--format", "{{.Ports}}"])
        return sorted({part for part in ports.replace("\n", ", ").split(", ") if "->" in part})

    # `Any`: the tree of JSON that `docker inspect` prints.
    def _container(self, found: Any) -> Container:
        labels, state = found["Config"]["Labels"], found["State"]
        service = labels["com.docker.compose.service"]
        return Container(
            id=found["Id"],
            name=f"{service}-{labels['com.docker.compose.container-number']}",
            service=service,
            hostname=found["Config"]["Hostname"],
            state=state["Status"],
            health=state.get("Health", {}).get("Status", ""),
            addresses={
                name.removeprefix(f"{self.name}_"): network["IPAddress"]
                for name, network in found["NetworkSettings"]["Networks"].items()
                if network["IPAddress"]
            },
        )
