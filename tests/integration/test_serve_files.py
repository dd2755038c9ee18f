"""The Serve files as Ray itself reads them."""

from typing import Any

import pytest
import yaml

from configs.layers import FOLDER

FILES = sorted(path.name for path in FOLDER.glob("serve.*"))


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's own, at its import
def test_ray_accepts_the_file(name: str) -> None:
    from ray.serve.schema import ServeDeploySchema

    ServeDeploySchema.model_validate(_read(name))


@pytest.mark.parametrize("name", FILES)
def test_all_files_have_the_same_applications_at_the_same_addresses(name: str) -> None:
    def addresses(file: str) -> list[tuple[str, str]]:
        return [(app["name"], app["route_prefix"]) for app in _read(file)["applications"]]

    assert addresses(name) == addresses("serve.yaml")


def test_a_fleet_needs_no_disk_and_nothing_of_the_head() -> None:
    for application in _read("serve.fleet.yaml")["applications"]:
        for deployment in application["deployments"]:
            options = deployment["ray_actor_options"]
            assert "resources" not in options, deployment["name"]
            assert options["num_cpus"] or options.get("num_gpus"), f"{deployment['name']} may run on the head"
