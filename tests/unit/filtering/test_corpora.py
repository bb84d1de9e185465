"""What must stay readable: nothing is hidden in ordinary answers, not once."""

import base64
import hashlib
import json
import random
import uuid

import pytest

from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.model import Json
from tests.unit.filtering.memory_vault import MemoryVault

_NOISE = random.Random(5)


def _digest(number: int, name: str = "sha256") -> str:
    return hashlib.new(name, str(number).encode()).hexdigest()


def _uuid() -> str:
    return str(uuid.UUID(int=_NOISE.getrandbits(128), version=4))


TYPESCRIPT = """
import { readFile } from "node:fs/promises";
interface Credentials { user: string; password: string; token?: string; apiKey: string | null }
type Secret = { secret: Uint8Array };
export async function login({ user, password, token }: Credentials, signal?: AbortSignal): Promise<Session> {
  const secret = await deriveKey(password, salt);
  const apiKey = process.env.API_KEY ?? config.keys.apiKey;
  const passphrase = askUser2("passphrase", secret[1]);
  const accessToken = await session.getAccessToken2();
  if (!password) throw new Error("password: required");
  if (password.length < 8) throw new Error(`password: must be at least ${MIN} characters`);
  headers.set("Authorization", `Bearer ${token}`);
  const form = { password: "", token: null, secret: false, "x-api-key": apiKey };
  for (let token = lexer.next(); token !== END; token = lexer.next()) tokens.push(token);
  return new Session(user, { token: tokens[0], tokenType: "bearer", expires: 3600, url: `https://${host}:8443/login` });
}
const passwordField = document.querySelector('input[type="password"]');
const pattern = /^(?:[A-Za-z0-9+\\/]{4})*(?:[A-Za-z0-9+\\/]{2}==)?$/;
@Injectable() class AuthTokenInterceptor {}
"""

PYTHON = '''
def connect(host: str, port: int = 5432, *, password: str | None = None, token: str = "") -> Connection:
    """Open a connection. password: the user's; token = one-time code; see postgres://host:5432/db."""
    password = password or os.environ["PGPASSWORD"]
    secret = secrets.token_hex(16)
    api_key = settings.api_key
    self.access_token = response.json()["access_token"]
    return Connection(host, port, password=password, auth_token=token)
'''

PACKAGES = "\n".join(
    [
        "react@19.0.0 @types/node@24.1.0 lodash@4.17.21 @scope/pkg@1.0.0-beta.2 next@15.0.0-canary.1",
        "typescript@npm:5.9.3 git+ssh://git@github.com/owner/repo.git#v1.2.3 https://github.com/owner/repo/archive/v1.tar.gz",
        *(f"package-{n}=={n}.{n + 1}.{n + 2} --hash=sha256:{_digest(n)}" for n in range(40)),
        *(f'"integrity": "sha512-{base64.b64encode(hashlib.sha512(str(n).encode()).digest()).decode()}",' for n in range(20)),
        "numpy>=2.1,<3; python_version >= '3.11'",
    ]
)

LOGS = "\n".join(
    [
        *(f"2026-01-01T10:{n % 60:02d}:00.{n:03d}Z INFO  [req-{_uuid()}] GET /v1/items/{n}?page={n} 200 {n}ms" for n in range(60)),
        "WARN  token expired after 3600s; token: expired, next_page_token: CAUQAA1234567890abcd",
        "ERROR invalid password: attempt 3 of 5 from 10.0.0.17:52144",
        "DEBUG tokens=1532 max_tokens=4096 tokenizer=o200k_base password_reset=true secret_count=3",
        "    at async Promise.all (index 0) at file:///app/src/main.ts:41:13",
        "pwd: /home/user1/projects/app-2",
        "commit " + _digest(1, "sha1") + "\nmd5 " + _digest(2, "md5"),
    ]
)  # fmt: skip

ROWS: Json = [
    {
        "id": _uuid(),
        "sha": _digest(number, "sha1"),
        "checksum": _digest(number),
        "price": _NOISE.uniform(0, 1e6),
        "at": f"2026-03-{1 + number % 28:02d}T12:00:00Z",
        "epoch": 1_767_225_600_000 + number,
        "version": f"v{number}.2.3-rc.1+build.{number}",
        "token": ["the", "internationalization", "##ing", "abc", _uuid()][number % 5],
        "nextPageToken": base64.b64encode(str(number * 10**12).encode()).decode(),
        "password": [None, True, "", "string", "required", "must have 8 characters"][number % 6],
        "secret": "********",
        "url": f"https://example.com:8443/a/{number}?q=a@b",
        "phone": "+1 (555) 010-9999",
        "blob": base64.b64encode(_NOISE.randbytes(90)).decode(),
        "path": f"/var/lib/app/{number}/data.csv",
        "geo": [48.858370, 2.294481],
        "card": "4111 1111 1111 1112",
    }
    for number in range(60)
]

SCHEMA: Json = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "format": "password"},
        "token": {"type": "string"},
        "api_key": {"type": "string"},
    },
    "required": ["password", "token"],
    "example": {"password": "<password>", "api_key": "{{api_key}}", "token": "$TOKEN", "secret": "${SECRET}"},
}

CORPORA: dict[str, Json] = {
    "TypeScript": TYPESCRIPT,
    "Python": PYTHON,
    "packages": PACKAGES,
    "logs": LOGS,
    "rows": ROWS,
    "rows as text": json.dumps(ROWS, indent=1),
    "a schema": SCHEMA,
    "a schema as text": json.dumps(SCHEMA),
    "random bytes": base64.b64encode(_NOISE.randbytes(30_000)).decode(),
    "words": " ".join(["The secret to a good password is length; a token of thanks, bearer of news: api key facts."] * 50),
}


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
async def test_ordinary_answers_stay_as_they_are(pipeline: FilterPipeline, vault: MemoryVault, corpus: Json) -> None:
    cleaned = await pipeline.clean(corpus, vault)
    assert cleaned.redactions == {}
    assert cleaned.tree == corpus
    assert vault.minted() == ()
