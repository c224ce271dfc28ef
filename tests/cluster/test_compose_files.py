"""What the compose files and the Dockerfile must keep to, read without an engine."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from service.cli.init_env import SECRET_FILES, SECRETS_DIR

ROOT = Path(__file__).resolve().parents[2]
ONE_SHOT = "migrate"


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / name)
    return loaded


COMPOSE = load("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STAYING = sorted(set(SERVICES) - {ONE_SHOT})


def test_only_the_api_is_published_and_on_loopback_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(published) == ["api"]
    assert all(port.startswith("127.0.0.1:") for port in published["api"])
    assert not any(
        "expose" in service or "network_mode" in service for service in SERVICES.values()
    )


@pytest.mark.parametrize("name", STAYING)
def test_every_service_that_stays_is_checked_and_started_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_migration_runs_until_it_succeeds_and_others_wait_for_it() -> None:
    assert SERVICES[ONE_SHOT]["restart"] == "on-failure"
    for name in ("driver", "api"):
        condition = SERVICES[name]["depends_on"][ONE_SHOT]["condition"]
        assert condition == "service_completed_successfully"


def test_ray_and_the_database_are_on_networks_without_a_way_out() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}

    assert networks == {
        "db": {"data"},
        "migrate": {"data"},
        "ray-head": {"ray"},
        "ray-worker": {"ray"},
        "driver": {"data", "ray"},
        "api": {"front", "data"},
    }
    assert COMPOSE["networks"]["data"]["internal"]
    assert COMPOSE["networks"]["ray"]["internal"]


def test_secrets_are_files_and_never_in_the_environment() -> None:
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in ("PASSWORD", "TOKEN", "SECRET")):
                assert str(value).startswith("/run/secrets/"), variable
        url = str(service.get("environment", {}).get("FATHOM_DATABASE_URL", "//fathom@"))
        assert "//fathom@" in url
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./{SECRETS_DIR}/{name}"}
    assert sorted(COMPOSE["secrets"]) == sorted(SECRET_FILES)


@pytest.mark.parametrize("name", ["ray-head", "ray-worker", "driver"])
def test_every_node_of_ray_asks_for_the_token_and_may_drain(name: str) -> None:
    service = SERVICES[name]

    assert service["environment"]["RAY_AUTH_MODE"] == "token"
    assert service["environment"]["RAY_AUTH_TOKEN_PATH"] == "/run/secrets/ray_token"
    assert "ray_token" in service["secrets"]
    assert service["stop_grace_period"] == "45s"
    assert "shm_size" in service


def test_the_head_schedules_nothing() -> None:
    assert {"--num-cpus=0", "--num-gpus=0"} <= set(SERVICES["ray-head"]["command"])


def test_one_image_serves_all_and_every_base_is_pinned() -> None:
    images = {service["image"] for name, service in SERVICES.items() if name != "db"}
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    base = next(line for line in dockerfile.splitlines() if line.startswith("ARG PYTHON_IMAGE="))

    assert len(images) == 1
    for image in (*images, SERVICES["db"]["image"], base):
        assert ":" in image.replace(":-", "")
        assert "latest" not in image
    assert base.partition("=")[2] in SERVICES["api"]["build"]["args"]["PYTHON_IMAGE"]


def test_the_image_runs_as_a_user_without_rights() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    for name in sorted(set(SERVICES) - {"db"}):
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_can_enter_the_build() -> None:
    rules = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    wanted = [rule for rule in rules if rule and not rule.startswith("#")]

    assert wanted[0] == "*"
    assert not any(word in rule for rule in wanted for word in (".env", SECRETS_DIR))


def test_git_ignores_what_init_env_writes() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()

    assert {".env", f"{SECRETS_DIR}/"} <= set(ignored)


def test_the_override_reserves_the_gpus_of_the_worker_and_nothing_else() -> None:
    override = load("docker-compose.override.yml")

    assert list(override) == ["services"]
    assert list(override["services"]) == ["ray-worker"]
    [device] = override["services"]["ray-worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    assert "deploy" not in SERVICES["ray-worker"]


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.override.yml"])
def test_both_generations_of_compose_read_the_files(name: str) -> None:
    # `name` is not known to 1.29, and v2 warns of `version`.
    assert not {"version", "name"} & set(load(name))
