"""What is said of the package elsewhere (the registry's server.json, the bundle's manifest.json) is what the package is."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from mcp_codeexec import __version__
from mcp_codeexec.server.tools import TOOLS
from mcp_codeexec.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SERVER: dict[str, Any] = json.loads((ROOT / "server.json").read_text("utf-8"))
MANIFEST: dict[str, Any] = json.loads((ROOT / "manifest.json").read_text("utf-8"))


def test_there_is_one_version() -> None:
    (package,) = SERVER["packages"]
    assert {PROJECT["version"], __version__, SERVER["version"], package["version"], MANIFEST["version"]} == {__version__}


def test_the_registry_finds_the_package_on_pypi_and_its_own_name_in_the_readme() -> None:
    (package,) = SERVER["packages"]
    assert (package["registryType"], package["identifier"], package["transport"]) == ("pypi", PROJECT["name"], {"type": "stdio"})
    assert re.findall(r"<!-- mcp-name: (\S+) -->", (ROOT / PROJECT["readme"]).read_text("utf-8")) == [SERVER["name"]]
    assert SERVER["name"].split("/")[1] == PROJECT["name"]
    assert len(SERVER["description"]) <= 100  # the registry takes no more


def test_the_bundle_names_the_command_and_the_tools_that_there_are() -> None:
    assert (MANIFEST["manifest_version"], MANIFEST["server"]["type"]) == ("0.4", "uv")
    assert (MANIFEST["name"], MANIFEST["description"]) == (PROJECT["name"], PROJECT["description"])
    assert MANIFEST["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]
    assert MANIFEST["server"]["mcp_config"]["args"][-1] in PROJECT["scripts"]
    assert (ROOT / MANIFEST["server"]["entry_point"]).is_file()
    assert MANIFEST["tools"] == [{"name": name, "description": spec.title} for name, spec in TOOLS.items()]


def test_the_bundles_form_asks_for_settings_by_their_defaults() -> None:
    for name, field in MANIFEST["user_config"].items():
        assert field["default"] == Settings.model_fields[name].default
        assert field["description"] == Settings.model_fields[name].description
    env = {f"{ENV_PREFIX}{name.upper()}": f"${{user_config.{name}}}" for name in MANIFEST["user_config"]}
    assert MANIFEST["server"]["mcp_config"]["env"] == env


def test_the_image_is_built_from_what_dockerignore_lets_through() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = {source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert copied == let_through
    assert all((ROOT / source).exists() for source in copied)
    (entry,) = (json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT "))
    assert entry[0] in PROJECT["scripts"]
