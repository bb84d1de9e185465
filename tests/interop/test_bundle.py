"""The `.mcpb` bundle, as a host takes it: validated by mcpb from npm, unpacked, and started by uv as its manifest says."""

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from tests.integration.stdio import structure_of, text_of
from tests.interop.frameworks import ENVIRONMENTS, NODE, environment, surroundings

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "dist" / "mcp-codeexec.mcpb"
START_S = 600  # the first start installs what the server needs


def as_a_host_would(manifest: dict[str, Any], folder: Path) -> StdioServerParameters:
    """The command of a manifest, with the folder and the defaults of its form put in."""
    config = manifest["server"]["mcp_config"]
    form = {f"user_config.{name}": str(field["default"]).lower() for name, field in manifest["user_config"].items()}
    values = {"__dirname": str(folder), **form}

    def filled(text: str) -> str:
        return re.sub(r"\$\{([\w.]+)\}", lambda match: values[match[1]], text)

    env = {name: filled(text) for name, text in config["env"].items()}
    return StdioServerParameters(command=config["command"], args=[filled(text) for text in config["args"]], env=env)


@pytest.fixture
def unpacked(tmp_path: Path, report: Callable[[str, str], None]) -> Path:
    """The bundle's folder."""
    uv = environment("uv", "uv")
    version = subprocess.run([uv / "uv", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    report("test_bundle.py", f".mcpb bundle, uv {version}: validated, unpacked, started as its manifest says, calls of one session")
    with zipfile.ZipFile(BUNDLE) as bundle:
        bundle.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


def test_the_manifest_is_valid(unpacked: Path) -> None:
    env = {**os.environ, "PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(
        [NODE / "mcpb", "validate", unpacked / "manifest.json"], check=False, capture_output=True, text=True, env=env
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


async def test_it_serves_from_the_folder_it_is_unpacked_to(unpacked: Path, tmp_path: Path) -> None:
    manifest = json.loads((unpacked / "manifest.json").read_text("utf-8"))
    server = as_a_host_would(manifest, unpacked)
    elsewhere = {"UV_CACHE_DIR": str(ENVIRONMENTS / "uv-cache"), "PATH": f"{environment('uv', 'uv')}{os.pathsep}{os.defpath}"}
    server.env = {**surroundings(tmp_path), **(server.env or {}), **elsewhere}
    with anyio.fail_after(START_S):
        async with Client(server) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            assert tools == [tool["name"] for tool in manifest["tools"]]
            first = structure_of(await client.call_tool("execute_code", {"code": "const n: number = 41; n"}))
            second = await client.call_tool("execute_code", {"code": "n + 1", "session_id": first["session_id"]})
    assert "value: 42" in text_of(second)
