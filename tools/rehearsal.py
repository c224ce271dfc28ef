"""Test the cluster's compose files on this machine's CPU (`make rehearsal`).

Two worker containers run sweeps that are submitted through the published port. Their rows are
compared with those of an embedded run, one worker is killed while it trains, and everything is
taken down and up again. At the end all but the image is removed. Without a Docker engine the
rehearsal is skipped, and succeeds.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from service.client import Client
from tools.rehearsal_engine import FILES, Project, RehearsalError, missing_engine, run
from tools.rehearsal_ports import answer, answers
from tools.rehearsal_rows import Rows, hosts, rows

LIMIT_SECONDS = 600.0
IMAGE = "fathom-sweeps:rehearsal"
WORKERS = 2
_PORTS_SCRIPT = Path(__file__).with_name("rehearsal_ports.py")
_JOBS = """
import sys, urllib.error, urllib.request
request = urllib.request.Request("http://127.0.0.1:8265/api/jobs/")
if sys.argv[1:]:
    token = open("/run/secrets/ray_token").read()
    request.add_header("Authorization", f"Bearer {token}")
try:
    print(urllib.request.urlopen(request, timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def spec(name: str, depths: Sequence[int], epochs: int, seeds: int) -> str:
    """Return a small sweep over digits."""
    return json.dumps(
        {
            "version": 1,
            "name": name,
            "dataset": {"name": "digits"},
            "network": {"activation": "relu", "depth": list(depths), "width": 24},
            "init": {"g": {"relative": [0.9, 1.0]}},
            "training": {
                "epochs": epochs,
                "lr": 0.02,
                "optimizer": [{"kind": "sgd", "momentum": 0.9}, {"kind": "adam"}],
            },
            "seeds": seeds,
        }
    )


SMALL = spec("small", (4, 16), 8, 2)
# Long enough for Ray to notice, in the middle of it, that a node is gone.
LONG = spec("long", (24, 48), 40, 4)


class Clock:
    """A clock of one rehearsal, which prints lines with the time and waits for conditions."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line with the time since the start."""
        sys.stdout.write(f"[{time.monotonic() - self._start:5.0f} s] {text}\n")
        sys.stdout.flush()

    def wait(self, what: str, happened: Callable[[], bool], seconds: float) -> float:
        """Wait for something and return how long it took.

        Raises:
            RehearsalError: It did not happen in time, or the rehearsal's time is up.
        """
        start = time.monotonic()
        while not happened():
            now = time.monotonic()
            if now - start > seconds or now - self._start > LIMIT_SECONDS:
                raise RehearsalError(f"{what}: not within {now - start:.0f} s")
            time.sleep(0.5)
        return time.monotonic() - start


def rehearse(project: Project, clock: Clock) -> None:
    """Run all steps of the rehearsal in order.

    Raises:
        RehearsalError: A step failed.
    """
    for files in FILES:
        project.compose("config", files=files)
        clock.say(f"compose accepts {' + '.join(files)}")
    size = int(run(["docker", "image", "inspect", "-f", "{{.Size}}", project.image]))
    clock.say(f"image: {size / 1e9:.2f} GB")
    up(project, clock)
    show_memory(project, clock)
    show_ports(project, clock)
    show_access_without_token(project, clock)
    expected = embedded_rows(project, clock)
    with Client(project.url) as client:
        small = submit_and_finish(client, SMALL, clock)
        same_rows("the small sweep on the cluster", rows(project.url, small), expected[0], clock)
        long = survive_a_killed_worker(project, client, clock)
        same_rows("the disturbed sweep", rows(project.url, long), expected[1], clock)
        cut = client.submit(LONG).id
        clock.wait("progress", lambda: client.get(cut).epochs_done > 100, 60)
    before = client_epochs(project, cut)
    down(project, clock)
    up(project, clock)
    with Client(project.url) as client:
        kept = client.get(cut)
        clock.say(f"after the restart {kept.epochs_done} epochs are there; {before} before it")
        if kept.epochs_done < before:
            raise RehearsalError("epochs were lost")
        finish(client, cut, clock)
    same_rows("the sweep across the restart", rows(project.url, cut), expected[1], clock)
    same_rows("the small sweep after the restart", rows(project.url, small), expected[0], clock)


def up(project: Project, clock: Clock) -> None:
    """Start all services, and wait until they are healthy."""
    start = time.monotonic()
    command = project.command("up", "-d", "--no-build", "--scale", f"ray-worker={WORKERS}")
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, env=project.environment(), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            clock.wait("the API", lambda: _is_ready(project), 120)
            clock.say(f"up: the API is ready after {time.monotonic() - start:.0f} s")
            clock.wait("`up`", lambda: process.poll() is not None, 120)
        finally:
            process.kill()
            process.wait()
            output.seek(0)
            said = output.read()
        if process.returncode:
            raise RehearsalError(f"`up` ended with {process.returncode}:\n{said}")
    clock.wait("health", lambda: all_are_healthy(project), 120)
    clock.say(f"up: every service is healthy after {time.monotonic() - start:.0f} s")


def _is_ready(project: Project) -> bool:
    with Client(project.url, timeout_seconds=2) as client:
        return client.is_ready()


def all_are_healthy(project: Project) -> bool:
    """Return whether every container is healthy, and the migration has ended."""
    return all(
        each.state == "exited" if each.service == "migrate" else each.health == "healthy"
        for each in project.containers()
    )


def down(project: Project, clock: Clock) -> None:
    """Stop all services and keep the volumes."""
    start = time.monotonic()
    project.compose("down")
    clock.say(f"down, volumes kept: {time.monotonic() - start:.0f} s")


def show_memory(project: Project, clock: Clock) -> None:
    """Print the memory of each service while idle."""
    time.sleep(5)  # until the start-up of every process is over
    running = [each for each in project.containers() if each.state == "running"]
    form = "{{.ID}} {{.MemUsage}}"
    stats = run(["docker", "stats", "--no-stream", "--format", form, *(c.id for c in running)])
    used = {line.split()[0]: line.split()[1] for line in stats.splitlines()}
    clock.say("memory while idle:")
    for each in running:
        clock.say(f"    {each.name:14} {used[each.id[:12]]}")


def show_ports(project: Project, clock: Clock) -> None:
    """Print the ports that can be reached, and from where; fail if others than the API's can."""
    running = [each for each in project.containers() if each.state == "running"]
    ports = [
        Port(f"{address}:{number}", f"{each.name} ({network})", number)
        for each in running
        for number in _inside(project, f"container:{each.id}", "listening")
        for network, address in each.addresses.items()
    ]
    clock.say(f"{len(ports)} ports listen beyond loopback inside of the containers")
    targets = [port.target for port in ports]
    elsewhere = _inside(project, "bridge", *targets)
    _show(clock, "a container on the engine's default network", ports, elsewhere)
    front = _inside(project, f"{project.name}_front", *targets)
    _show(clock, "a container on the network `front`", ports, front)
    _show(clock, "this host, by the containers' own addresses,", ports, answers(targets))
    published = project.published()
    clock.say(f"published: {', '.join(published)}")
    for address in ("127.0.0.1", _outward_address()):
        reply = answer(f"{address}:{project.port}")
        clock.say(f"    {address}:{project.port} answers {reply or 'nothing'}")
    reached = {p.where for p in ports if elsewhere[p.target] or front[p.target]}
    if reached - {"api-1 (front)"} or published != [f"127.0.0.1:{project.port}->8000/tcp"]:
        raise RehearsalError(f"more than the API can be reached: {published}, {reached}")


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a container on one of its networks."""

    target: str
    where: str
    number: int


def _show(clock: Clock, who: str, ports: Sequence[Port], replies: Mapping[str, str]) -> None:
    """Print the ports that answered, one line for each container, network and answer."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for port in ports:
        if replies[port.target]:
            grouped.setdefault((port.where, replies[port.target]), []).append(port.number)
    clock.say(f"  {who} reaches {sum(map(len, grouped.values()))}:")
    for (where, said), numbers in grouped.items():
        clock.say(f"      {where:20} {said:14} {' '.join(map(str, numbers))}")


def show_access_without_token(project: Project, clock: Clock) -> None:
    """Print Ray's answers to clients without the token; fail if one of them is let in."""
    head = project.containers("ray-head")[0].id
    without = run(["docker", "exec", head, "python", "-c", _JOBS])
    with_it = run(["docker", "exec", head, "python", "-c", _JOBS, "with"])
    clock.say(f"/api/jobs/ on the head: {without} without the token, {with_it} with it")
    if (without, with_it) != ("401", "200"):
        raise RehearsalError("Ray's jobs are open, or closed to everybody")
    for address in ("ray-head:6379", "ray://ray-head:10001"):
        code = f"import ray; ray.init({address!r}, logging_level='ERROR'); print('let in')"
        command = ["docker", "run", "--rm", "--network", f"{project.name}_ray", project.image]
        command += ["timeout", "40", "python", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "let in" in done.stdout:
            raise RehearsalError(f"Ray lets a client in at {address} without the token")
        lines = (done.stdout + done.stderr).splitlines()
        words = next(
            (line for line in lines if "oken" in line and "Error" in line), "it waits in vain"
        )
        clock.say(f"    {address} without the token: {words.strip()[:110]}")


def _inside(project: Project, network: str, *arguments: str) -> Any:  # JSON of the script's
    command = ["docker", "run", "--rm", "-i", "--network", network, project.image]
    command += ["python", "-c", _PORTS_SCRIPT.read_text("utf-8"), *arguments]
    return json.loads(run(command))


def _outward_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # A datagram socket sends nothing here: the kernel only chooses the source address.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def embedded_rows(project: Project, clock: Clock) -> tuple[Rows, Rows]:
    """Run both sweeps embedded, in one container of the same image on SQLite."""
    name = f"{project.name}-embedded"
    command = ["docker", "run", "-d", "--init", "--name", name, "--shm-size", "1g"]
    command += ["-p", "127.0.0.1::8000", "-e", "FATHOM_HOST=0.0.0.0", project.image]
    run([*command, "fathom", "serve"])
    try:
        url = f"http://{run(['docker', 'port', name, '8000']).splitlines()[0]}"
        with Client(url) as client:
            clock.wait("the embedded service", client.is_ready, 60)
            clock.say("embedded, for comparison:")
            small = submit_and_finish(client, SMALL, clock)
            long = submit_and_finish(client, LONG, clock)
        return rows(url, small), rows(url, long)
    finally:
        run(["docker", "rm", "-f", "-v", name])


def submit_and_finish(client: Client, text: str, clock: Clock) -> UUID:
    """Submit a sweep, wait for its end and return its id."""
    sweep = client.submit(text).id
    finish(client, sweep, clock)
    return sweep


def finish(client: Client, sweep: UUID, clock: Clock) -> None:
    """Wait until a sweep has completed."""
    took = clock.wait("the sweep's end", lambda: client.get(sweep).ended, 180)
    ended = client.get(sweep)
    if ended.state != "completed":
        raise RehearsalError(f"sweep {ended.name} {ended.state}: {ended.message}")
    clock.say(f"    sweep {ended.name}: {ended.counts.done} trials in {took:.0f} s")


def survive_a_killed_worker(project: Project, client: Client, clock: Clock) -> UUID:
    """Kill one worker's container while it trains; return the sweep once it has ended."""
    sweep = client.submit(LONG).id
    victims = {each.hostname: each for each in project.containers("ray-worker")}

    def at_work() -> list[str]:
        return [at.host for at in hosts(project.url, sweep).values() if at.state == "running"]

    clock.wait("trials on both workers", lambda: len(set(at_work())) == WORKERS, 60)
    victim = victims[at_work()[0]]
    run(["docker", "kill", "--signal", "KILL", victim.id])
    caught = {
        trial
        for trial, at in hosts(project.url, sweep).items()
        if at.state == "running" and at.host == victim.hostname
    }
    done = client.get(sweep).counts.done
    clock.say(f"killed {victim.name} with {len(caught)} trials on it, {done} of all done")
    finish(client, sweep, clock)
    ends = hosts(project.url, sweep)
    elsewhere = sum(ends[trial].host != victim.hostname for trial in caught)
    clock.say(f"    {elsewhere} of the {len(caught)} ended on the other worker")
    if elsewhere != len(caught):
        raise RehearsalError("a trial claims to have ended on the killed worker")
    return sweep


def client_epochs(project: Project, sweep: UUID) -> int:
    """Return how many epochs of a sweep are stored."""
    with Client(project.url) as client:
        return client.get(sweep).epochs_done


def same_rows(what: str, found: Rows, expected: Rows, clock: Clock) -> None:
    """Print that rows equal the embedded run's; raise with the first row that differs."""
    difference = found.difference(expected)
    if difference is not None:
        raise RehearsalError(f"{what}: rows differ from the embedded run's: {difference}")
    clock.say(f"    {what}: {found}, equal to the embedded run's bit for bit")


@contextmanager
def temporary_project() -> Iterator[Project]:
    """Yield a compose project of this run alone, and remove all of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="fathom-rehearsal-") as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        project = Project(f"fathom-rehearsal-{os.getpid()}", Path(folder), port, IMAGE)
        project.build()
        who = f"{os.getuid()}:{os.getgid()}"
        command = ["docker", "run", "--rm", "--user", who, "-v", f"{folder}:/out", IMAGE]
        run([*command, "fathom", "init-env", "--cpu", "--dir", "/out"])
        try:
            yield project
        except BaseException:
            sys.stderr.write(project.compose("logs", "--no-color", "--tail=40") + "\n")
            raise
        finally:
            project.compose("down", "--volumes", "--remove-orphans", "--timeout", "10")


def main() -> int:
    """Run the rehearsal; return 0 if it passed or was skipped, else 1."""
    missing = missing_engine()
    if missing is not None:
        sys.stdout.write(f"rehearsal SKIPPED: {missing}\n")
        return 0
    # SIGTERM raises as Ctrl-C does, so that the containers are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with temporary_project() as project:
            clock = Clock()
            rehearse(project, clock)
        clock.say(f"rehearsal passed; of {project.name} only the image {IMAGE} is left")
    except RehearsalError as error:
        sys.stderr.write(f"rehearsal FAILED: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
