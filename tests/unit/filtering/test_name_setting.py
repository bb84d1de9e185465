"""`name_model` on the command line: what is wrong with it is one sentence, and without it spaCy is not there."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.integration.test_cli import cli
from tests.unit.filtering.spacy_pipelines import saved


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("model"), [{"label": "PERSON", "pattern": "Ann Smith"}])


def test_a_program_that_prints_a_name_shows_a_token(tmp_path: Path, model: str) -> None:
    done = cli("run", "-", "--name-model", model, data=tmp_path, stdin="console.log('by Ann Smith'); ({ 'Ann Smith': 1 })")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[PERSON_") == 2
    assert "Smith" not in done.stdout


def test_a_token_in_submitted_code_is_the_name_again(tmp_path: Path, model: str) -> None:
    first = cli("run", "-", "--name-model", model, data=tmp_path, stdin="'Ann Smith'")
    session, token = first.stdout.split(" ", 1)[0], first.stdout.split('"')[1]
    code = f"'{token}'.length"
    again = cli("run", "-", "--session", session, "--name-model", model, data=tmp_path, stdin=code)
    assert "value: 9" in again.stdout


@pytest.mark.parametrize("command", ["serve", "run", "doctor"])
def test_a_pipeline_that_is_not_there_is_said_at_once(tmp_path: Path, command: str) -> None:
    done = cli(command, *(["-"] if command == "run" else []), "--name-model", "xx_no_such", data=tmp_path)
    assert done.returncode == 2
    first, hint = done.stderr.splitlines()
    assert first == (
        "mcp-codeexec: bad setting: name_model: there is no spaCy pipeline 'xx_no_such' among the installed packages, nor a folder of"
        " one: install it, or give the folder"
    )
    assert hint.startswith("  settings come from ")


def test_a_missing_library_is_said_with_the_way_to_install_it() -> None:
    program = (
        "import sys; sys.modules['spacy'] = None; from mcp_codeexec.cli import run; sys.exit(run(['--name-model', 'x', 'doctor']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    sentence = "mcp-codeexec: bad setting: name_model: spaCy is not installed: pip install 'mcp-codeexec[names]'"
    assert done.stderr.splitlines()[0] == sentence


def test_the_doctor_names_the_pipeline(tmp_path: Path, model: str) -> None:
    done = cli("doctor", "--name-model", model, data=tmp_path)
    assert (done.returncode, f"ok       names: en_pipeline 0.0.0, spaCy {version('spacy')}" in done.stdout) == (0, True), (
        done.stdout
    )


def test_the_doctor_says_what_is_wrong_with_a_pipeline(tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text("[nlp]\nlang = 5\n", "utf-8")
    done = cli("doctor", "--name-model", str(tmp_path), data=tmp_path)
    assert done.returncode == 3
    assert "BROKEN   names: bad setting: name_model: the spaCy pipeline" in done.stdout


def test_without_the_setting_spacy_is_not_imported() -> None:
    program = (
        "import sys; from mcp_codeexec.filtering import FilterPipeline; FilterPipeline().load(); print('spacy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "False\n"
