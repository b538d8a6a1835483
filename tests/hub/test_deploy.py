"""The files in ``deploy/``: read as the tools that use them read them, and equal to what the hub is configured with."""

import re
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest
import yaml
from jsonschema import validate
from traitlets.config import Config

from tests.modules import write_curriculum
from tinytorch_lab.curriculum.library import Library
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.folder import CourseFolder
from tinytorch_lab.grading.rules import cluster_of
from tinytorch_lab.hub import tljh
from tinytorch_lab.hub.config import configure

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COURSE = "tinytorch"

_NAMED = {"type": "object"}
_PORTS = ("cloudMetadataServer", "dnsPortsCloudMetadataServer", "dnsPortsKubeSystemNamespace", "dnsPortsPrivateIPs")
_RULES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: {"type": "boolean"} for name in (*_PORTS, "nonPrivateIPs", "privateIPs")},
}
_SIZE = {"type": ["number", "string", "null"]}
_NUMBER = {"type": ["number", "null"]}
_POLICY = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"enabled": {"type": "boolean"}, "egress": {"type": "array"}, "egressAllowRules": _RULES},
}
VALUES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "hub": {
            "additionalProperties": False,
            "properties": {"services": _NAMED, "loadRoles": _NAMED, "config": _NAMED, "networkPolicy": _POLICY},
        },
        "proxy": {
            "additionalProperties": False,
            "properties": {"chp": {"additionalProperties": False, "properties": {"networkPolicy": _POLICY}}},
        },
        "singleuser": {
            "additionalProperties": False,
            "properties": {
                "image": {"properties": {"name": {"type": "string"}, "tag": {"type": "string"}}},
                "uid": {"type": ["integer", "null"]},
                "fsGid": {"type": ["integer", "null"]},
                "allowPrivilegeEscalation": {"type": "boolean"},
                "defaultUrl": {"type": ["string", "null"]},
                "extraEnv": _NAMED,
                "storage": {
                    "additionalProperties": False,
                    "properties": {"type": {"enum": ["dynamic", "static", "none"]}, "capacity": {"type": "string"}},
                },
                "cpu": {"additionalProperties": False, "properties": {"guarantee": _NUMBER, "limit": _NUMBER}},
                "memory": {"additionalProperties": False, "properties": {"guarantee": _SIZE, "limit": _SIZE}},
                "networkPolicy": _POLICY,
            },
        },
        "cull": {
            "additionalProperties": False,
            "properties": {"enabled": {"type": "boolean"}, "timeout": {"type": "integer"}},
        },
    },
}
"""The keys that we use of the chart's values, with the chart's types; a key with a typing error is refused."""


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def resources() -> dict[tuple[str, str], dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "service.yaml").read_text(encoding="utf-8"))
    assert (document["apiVersion"], document["kind"]) == ("v1", "List")
    return {(item["kind"], item["metadata"]["name"]): item for item in document["items"]}


def pods(resources: dict[tuple[str, str], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: item["spec"]["template"]["spec"]
        for (_, name), item in resources.items()
        if "template" in item.get("spec", {})
    }


def test_the_charts_values_have_only_keys_the_chart_knows(values: dict[str, Any]):
    validate(values, VALUES)


def test_the_charts_values_configure_the_hub_as_our_own_function_does(values: dict[str, Any]):
    c = Config()
    configure(c, {COURSE: Path("/unused")}, url="http://tinytorch-lab:10163", managed=False)
    (service,) = c.JupyterHub.services
    name = service.pop("name")
    hub = values["hub"]
    assert hub["services"] == {name: service}
    assert [{"name": role, **found} for role, found in hub["loadRoles"].items()] == c.JupyterHub.load_roles
    assert hub["config"]["JupyterHub"] == {
        "custom_scopes": c.JupyterHub.custom_scopes,
        "load_groups": c.JupyterHub.load_groups,
    }
    assert hub["config"]["KubeSpawner"] == {
        "server_token_scopes": c.Spawner.server_token_scopes,
        "oauth_client_allowed_scopes": c.Spawner.oauth_client_allowed_scopes,
    }
    environment = values["singleuser"]["extraEnv"]
    assert set(environment) == set(c.Spawner.environment)
    assert environment["TINYTORCH_LAB_COURSE"] == COURSE


def test_students_have_no_shared_disk_and_run_as_nobody_special(values: dict[str, Any]):
    single = values["singleuser"]
    assert (single["uid"], single["allowPrivilegeEscalation"], single["storage"]["type"]) == (1000, False, "dynamic")
    assert single["networkPolicy"]["egressAllowRules"]["privateIPs"] is False


def test_the_service_is_one_writer_and_no_pod_is_root(resources: dict[tuple[str, str], dict[str, Any]]):
    service = resources["Deployment", "tinytorch-lab"]["spec"]
    assert (service["replicas"], service["strategy"]) == (1, {"type": "Recreate"})
    for name, pod in pods(resources).items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            claimed = {claim["metadata"]["name"] for claim in _claims(resources, name)}
            assert mounted <= {volume["name"] for volume in pod.get("volumes", [])} | claimed, name


def _claims(resources: dict[tuple[str, str], dict[str, Any]], name: str) -> list[dict[str, Any]]:
    claims: list[dict[str, Any]] = resources.get(("StatefulSet", name), {"spec": {}})["spec"].get(
        "volumeClaimTemplates", []
    )
    return claims


def test_every_address_in_the_service_is_a_service_beside_it(resources: dict[tuple[str, str], dict[str, Any]]):
    text = (DEPLOY / "service.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:@|tls://)(tinytorch-lab[\w-]*)", text))
    assert named == {"tinytorch-lab-database", "tinytorch-lab-scheduler"}
    for name in named:
        selector = resources["Service", name]["spec"]["selector"]
        assert any(
            item["spec"].get("template", {}).get("metadata", {}).get("labels", {}).items() >= selector.items()
            for item in resources.values()
            if "spec" in item
        )


def test_every_pod_has_a_network_policy(resources: dict[tuple[str, str], dict[str, Any]]):
    covered: set[str] = set()
    for (kind, _), item in resources.items():
        if kind == "NetworkPolicy":
            selector = item["spec"]["podSelector"]
            covered |= {selector.get("matchLabels", {}).get("app", "")}
            covered |= {value for rule in selector.get("matchExpressions", []) for value in rule["values"]}
    assert covered >= set(pods(resources))


def test_the_courses_settings_in_the_cluster_are_settings_of_ours(
    resources: dict[tuple[str, str], dict[str, Any]], tmp_path: Path
):
    data = resources["ConfigMap", "tinytorch-lab"]["data"]
    settings = tomllib.loads(data["tinytorch.toml"])
    course = CourseFolder(tmp_path, tmp_path, settings["course_id"], settings["db_url"], settings["allow_unsandboxed"])
    assert set(settings) == {"curriculum", "course_id", "db_url", "allow_unsandboxed"}
    (tmp_path / "course.toml").write_text(data["course.toml"], encoding="utf-8")
    assert cluster_of(course) == "tls://tinytorch-lab-scheduler:8786"


def test_the_example_configuration_is_a_hubs_configuration():
    c = Config()
    source = (DEPLOY / "jupyterhub_config.py").read_text(encoding="utf-8")
    exec(compile(source, "jupyterhub_config.py", "exec"), {"get_config": lambda: c})
    (service,) = c.JupyterHub.services
    assert (service["user"], service["command"][1:]) == ("tinytorch", ["--course", "/srv/tinytorch/courses/tinytorch"])
    assert c.JupyterHub.load_groups["nbgrader-tinytorch"] == {"users": ["STUDENT"]}
    assert len(c.JupyterHub.load_roles) == 3


@pytest.mark.parametrize(
    ("server", "groups", "course"),
    [
        ("", {"nbgrader-second"}, "second"),
        ("", {"nbgrader-first", "nbgrader-second"}, "first"),
        ("second", {"nbgrader-first", "nbgrader-second"}, "second"),
        ("second", {"nbgrader-first"}, "first"),
        ("", set(), "first"),
    ],
)
def test_a_named_server_is_one_for_the_course_it_is_called_after(server: str, groups: set[str], course: str):
    c = Config()
    configure(c, {"first": Path("/1"), "second": Path("/2")})
    spawner = SimpleNamespace(name=server, user=SimpleNamespace(groups=[SimpleNamespace(name=name) for name in groups]))
    assert c.Spawner.environment["TINYTORCH_LAB_COURSE"](spawner) == course


class TljhHooks:
    """The hooks of The Littlest JupyterHub that we fill, with its names and arguments."""

    hookspec = pluggy.HookspecMarker("tljh")

    @hookspec
    def tljh_extra_user_pip_packages(self) -> list[str]: ...

    @hookspec
    def tljh_extra_hub_pip_packages(self) -> list[str]: ...

    @hookspec
    def tljh_extra_apt_packages(self) -> list[str]: ...

    @hookspec
    def tljh_custom_jupyterhub_config(self, c: Config) -> None: ...

    @hookspec
    def tljh_post_install(self) -> None: ...


def test_the_littlest_jupyterhub_finds_our_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    manager = pluggy.PluginManager("tljh")
    manager.add_hookspecs(TljhHooks)
    manager.register(tljh)
    manager.check_pending()
    monkeypatch.setattr(tljh, "COURSES", tmp_path / "courses")
    c = Config()
    manager.hook.tljh_custom_jupyterhub_config(c=c)
    assert "services" not in c.JupyterHub
    library = write_curriculum(tmp_path / "curriculum")
    course = init_course(tmp_path / "courses" / "autumn", Library(library.root))
    manager.hook.tljh_custom_jupyterhub_config(c=c)
    (service,) = c.JupyterHub.services
    assert (service["user"], service["command"][1:]) == (tljh.ACCOUNT, ["--course", str(course.root)])
    assert "nbgrader-mini" in c.JupyterHub.load_groups
    assert all("tinytorch-lab" in name for (name,) in manager.hook.tljh_extra_user_pip_packages())


def test_the_images_run_as_an_ordinary_user_and_students_get_no_solutions():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    build, student, service = re.split(r"^FROM .*$", text, flags=re.MULTILINE)[1:]
    assert "USER 1000" in student
    assert "USER 1000" in service
    assert "curriculum" not in student
    assert "COPY . ." in build
