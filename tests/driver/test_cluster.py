"""The Ray that a child runs on."""

import pytest

from service.driver.cluster import connected


def test_an_embedded_service_never_joins_a_cluster_that_happens_to_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("ray.init", lambda **options: asked.append(options))
    monkeypatch.setattr("ray.shutdown", lambda: None)
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "")

    with connected(None, cpus=2):
        pass

    (options,) = asked
    assert options["address"] == "local"
    assert options["num_cpus"] == 2
