"""Plain evaluation of JavaScript, as any engine does it: what prepared programs are measured by."""

import json
import subprocess
from types import TracebackType
from typing import Self

import deno

_LOOP = """
const decoder = new TextDecoder();
let rest = "";
for await (const chunk of Deno.stdin.readable) {
  rest += decoder.decode(chunk, { stream: true });
  const lines = rest.split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    let said;
    try {
      said = [new Function(JSON.parse(line))(), null];
    } catch (error) {
      said = [null, error.name ?? "Thrown"];
    }
    console.log(JSON.stringify(said));
  }
}
"""


class Plain:
    """One Deno process for many programs, each the body of a sloppy function."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [deno.find_deno_bin(), "eval", "--no-config", _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()

    def call(self, body: str) -> tuple[object, str | None]:
        """What `body` returns, or the name of what it throws."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(body) + "\n")
        self._process.stdin.flush()
        value, error = json.loads(self._process.stdout.readline())
        return value, error
