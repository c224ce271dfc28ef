"""The pool of workers follows what the connected cluster has."""

import pytest

from service.driver.launcher import WorkerPool, worker_pool

GIB = 1024**3


def node(cpus: int, memory: int, *, alive: bool = True) -> dict[str, object]:
    """Return a node as Ray describes it."""
    return {"Alive": alive, "Resources": {"CPU": float(cpus), "memory": float(memory)}}


def connect(monkeypatch: pytest.MonkeyPatch, *nodes: dict[str, object], **total: float) -> None:
    monkeypatch.setattr("ray.nodes", lambda: list(nodes))
    monkeypatch.setattr("ray.cluster_resources", lambda: total)


def test_each_cpu_has_a_worker_with_its_share_of_the_smallest_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = {"Alive": True, "Resources": {"memory": float(GIB)}}
    lost = node(8, GIB, alive=False)
    connect(monkeypatch, node(4, 16 * GIB), node(4, 8 * GIB), driver, lost, CPU=8.0)

    assert worker_pool("auto") == WorkerPool("cpu", 8, 2 * GIB)
    assert worker_pool("auto", GIB) == WorkerPool("cpu", 8, GIB)


def test_gpus_are_used_unless_cpus_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, node(8, 16 * GIB), CPU=8.0, GPU=2.0)

    assert worker_pool("auto") == worker_pool("cuda") == WorkerPool("cuda", 2, 0)
    assert worker_pool("cpu") == WorkerPool("cpu", 8, 2 * GIB)
    assert worker_pool("auto").per_actor() == {"cpu": 1, "gpu": 1}
    assert worker_pool("cpu").per_actor() == {"cpu": 1}


def test_a_cluster_that_states_no_memory_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch, {"Alive": True, "Resources": {"CPU": 4.0}}, CPU=4.0)

    assert worker_pool("auto") == WorkerPool("cpu", 4, 0)
