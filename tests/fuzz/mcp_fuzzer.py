"""PyPI's mcp-fuzzer against our server over stdio, from an environment of its own that is thrown away: `python -m tests.fuzz.mcp_fuzzer`.

Two of its kinds say nothing here: `accepted_malformed` is every answer that is no error, an empty text that runs included; and
`injection_reflection` is an unknown tool's name in the sentence that there is none, in JSON that no browser reads.
"""

import json
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from pathlib import Path

PINNED = "mcp-fuzzer==0.7.0"
SERVER = f"{sys.executable} -m mcp_codeexec --ephemeral --spare-workers 2"
FLAGS = (
    "--mode all --phase both --protocol-phase aggressive --runs 200 --runs-per-type 50 --havoc --stateful --no-network --no-corpus"
)
HARMLESS = {"accepted_malformed", "injection_reflection"}
LEAST = 1_000  # requests; fewer would mean that it could not speak to us


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        venv.create(home / "venv", with_pip=True)
        tools = home / "venv" / "bin"
        subprocess.run([tools / "pip", "install", "--quiet", "--disable-pip-version-check", PINNED], check=True)
        command = [tools / "mcp-fuzzer", "--protocol", "stdio", "--endpoint", SERVER, "--seed", "1", *FLAGS.split()]
        ran = subprocess.run(
            [*command, "--output-dir", home / "out", "--fs-root", home / "files"],
            check=False,
            capture_output=True,
            text=True,
            timeout=900,
            env={"HOME": folder, "PATH": "/usr/bin:/bin"},
        )
        if ran.returncode:
            print(ran.stdout[-4_000:], ran.stderr[-4_000:])
            return 1
        findings = json.loads((home / "out" / "findings.json").read_text("utf-8"))["findings"]
        summary = json.loads((home / "out" / "run_summary.json").read_text("utf-8"))
        asked = summary["tools"]["total_runs"] + sum(row["total_runs"] for row in summary["protocols"]["by_type"].values())
    print(f"mcp-fuzzer: {asked} requests, findings: {dict(Counter(finding['category'] for finding in findings))}")
    told = [finding for finding in findings if finding["category"] not in HARMLESS]
    for finding in told:
        print(json.dumps(finding, indent=1)[:2_000])
    return 1 if told or asked < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
