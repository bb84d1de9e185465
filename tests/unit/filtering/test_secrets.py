"""Secrets: whichever, wherever."""

import base64
import json

import pytest

from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.model import Json
from tests.unit.filtering.memory_vault import MemoryVault
from tests.unit.filtering.samples import AWS_SECRET, BY_VENDOR, KEY, OPAQUE, PASSWORD, pem_lines

PLACES = {
    "a value": "{}",
    "a key": {"{}": 1},
    "nested": {"rows": [[{"a": {"b": ["x {} y"]}}]]},
    "console text": "loaded 3 rows\nkey is {}, done\nbye",
    "a list in text": "a,{},b",
    "a sentence": "It is {}. Or {}: both.",
    "an error": {"error": {"name": "Error", "message": "refused ({})", "stack": "Error: refused ({})\n    at line 3"}},
    "source code": 'const client = connect("{}");',
}


def put(place: Json, secret: str) -> Json:
    return json.loads(json.dumps(place).replace("{}", json.dumps(secret)[1:-1]))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kind", BY_VENDOR)
async def test_a_secret_is_redacted_for_good(pipeline: FilterPipeline, vault: MemoryVault, kind: str, place: Json) -> None:
    secret = BY_VENDOR[kind]
    cleaned = await pipeline.clean(put(place, secret), vault)
    text = json.dumps(cleaned.tree)
    assert json.dumps(secret)[1:-1] not in text
    assert f"[REDACTED:{kind.split(maxsplit=1)[0]}]" in text
    assert cleaned.redactions == {"secret": json.dumps(place).count("{}")}
    assert vault.minted() == ()


IN_CONTEXT: list[tuple[str, str, str]] = [
    ("an assignment", f"password = {PASSWORD}", "password = [REDACTED:password]"),
    ("an environment file", f"export DB_PASSWORD={PASSWORD}\nDEBUG=1", "export DB_PASSWORD=[REDACTED:password]\nDEBUG=1"),
    ("YAML", f"user: ann\npasswd: {PASSWORD}\n", "user: ann\npasswd: [REDACTED:password]\n"),
    ("JSON", f'{{"password": "{PASSWORD}"}}', '{"password": "[REDACTED:password]"}'),
    ("JSON in JSON", f'{{\\"password\\":\\"{PASSWORD}\\"}}', '{\\"password\\":\\"[REDACTED:password]\\"}'),
    ("an object as printed", f"{{ apiKey: '{KEY}', id: 7 }}", "{ apiKey: '[REDACTED:api_key]', id: 7 }"),
    ("a Map as printed", f'Map(1) {{ "secret" => "{KEY}" }}', 'Map(1) { "secret" => "[REDACTED:secret]" }'),
    ("typed code", f'const apiSecret: string = "{KEY}";', 'const apiSecret: string = "[REDACTED:secret]";'),
    ("a query string", f"GET /v1?api_key={KEY}&page=2", "GET /v1?api_key=[REDACTED:api_key]&page=2"),
    ("words in quotes", 'password: "letmein"', 'password: "[REDACTED:password]"'),
    ("a quote inside", 'password: "say \\"hi\\"1"'.replace(" \\", "\\"), 'password: "[REDACTED:password]"'),
    ("a value after a refused name", f'token: "the password={PASSWORD}"', 'token: "the password=[REDACTED:password]"'),
    ("a sentence", f"Its password: {PASSWORD}.", "Its password: [REDACTED:password]."),
    ("a header", f"Authorization: Bearer {OPAQUE}", "Authorization: Bearer [REDACTED:authorization]"),
    ("basic authentication", "authorization: Basic YW5uOnNlc2FtZQ==", "authorization: Basic [REDACTED:authorization]"),
    ("a bearer token", f"curl -H 'X: bearer {OPAQUE}'", "curl -H 'X: bearer [REDACTED:authorization]'"),
    ("a URL", "see redis://:s3same!x@cache:6379/0 now", "see redis://:[REDACTED:password]@cache:6379/0 now"),
    ("a URL of a person", "ftp://ann:sesame9@ftp.example.com/", "ftp://ann:[REDACTED:password]@ftp.example.com/"),
    ("a URL with @ twice", "amqp://ann:ses@me9@mq.example.com/", "amqp://ann:[REDACTED:password]@mq.example.com/"),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in IN_CONTEXT], ids=[row[0] for row in IN_CONTEXT])
async def test_a_secret_is_known_by_what_stands_before_it(
    pipeline: FilterPipeline, vault: MemoryVault, text: str, expected: str
) -> None:
    cleaned = await pipeline.clean(text, vault)
    assert (cleaned.tree, cleaned.redactions) == (expected, {"secret": 1})


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("password", 'a "quoted" 1'.replace(" ", "-"), "password"),
        ("dbPassword", PASSWORD, "password"),
        ("passphrase", PASSWORD + "'s", "password"),
        ("apiKey", KEY, "api_key"),
        ("x-api-key", KEY, "api_key"),
        ("accessToken", OPAQUE, "api_key"),
        ("client_secret", KEY, "secret"),
        ("token", OPAQUE, "token"),
        ("csrf_token", OPAQUE, "token"),
    ],
)
async def test_a_value_is_a_secret_for_the_key_it_stands_under(
    pipeline: FilterPipeline, vault: MemoryVault, key: str, value: str, kind: str
) -> None:
    cleaned = await pipeline.clean([{"id": 1, key: value, "n": 2}], vault)
    assert cleaned.tree == [{"id": 1, key: f"[REDACTED:{kind}]", "n": 2}]
    assert cleaned.redactions == {"secret": 1}


async def test_an_aws_secret_is_found_beside_its_key(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    cleaned = await pipeline.clean({"aws_secret_access_key": AWS_SECRET}, vault)
    assert cleaned.tree == {"aws_secret_access_key": "[REDACTED:aws_secret_key]"}


@pytest.mark.parametrize("separator", ["\n", "\\n", "', '", '",\n  "'])
async def test_a_private_key_without_its_end_is_redacted(pipeline: FilterPipeline, vault: MemoryVault, separator: str) -> None:
    body = separator.join(pem_lines()[:4])
    cleaned = await pipeline.clean(f"key: {body}", vault)
    assert cleaned.tree == "key: [REDACTED:private_key]"


async def test_a_secret_in_several_strings_is_redacted_in_each_of_them(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    lines = pem_lines()
    cleaned = await pipeline.clean({"key": ["before", *lines, "after"]}, vault)
    assert cleaned.tree == {"key": ["before", *["[REDACTED:private_key]"] * len(lines), "after"]}
    assert cleaned.redactions == {"secret": 1}


@pytest.mark.parametrize("times", [1, 2])
async def test_the_whole_encoded_region_is_redacted(pipeline: FilterPipeline, vault: MemoryVault, times: int) -> None:
    encoded = f"the token is {BY_VENDOR['github_token']} and no other".encode()
    for _ in range(times):
        encoded = base64.b64encode(encoded)
    cleaned = await pipeline.clean(f"é blob {encoded.decode()} end", vault)
    assert cleaned.tree == "é blob [REDACTED:github_token] end"


async def test_every_occurrence_is_redacted_and_counted(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    secret = BY_VENDOR["github_token"]
    cleaned = await pipeline.clean([secret, f"{secret} {secret}", {"😀": f"é{chr(10)}{secret}"}], vault)
    hidden = "[REDACTED:github_token]"
    assert cleaned.tree == [hidden, f"{hidden} {hidden}", {"😀": f"é\n{hidden}"}]
    assert cleaned.redactions == {"secret": 4}


@pytest.mark.parametrize("hidden", ["\x1b[31m", "\x1b]0;title\x07", "\x00", "\u202e", "\x9b1m"])
async def test_invisible_characters_do_not_hide_a_secret(pipeline: FilterPipeline, vault: MemoryVault, hidden: str) -> None:
    secret = BY_VENDOR["github_token"]
    cleaned = await pipeline.clean(secret[:9] + hidden + secret[9:], vault)
    assert cleaned.tree == "[REDACTED:github_token]"


async def test_comments_do_not_switch_detection_off(pipeline: FilterPipeline, vault: MemoryVault) -> None:
    cleaned = await pipeline.clean(f"{BY_VENDOR['npm_token']} # kingfisher:ignore", vault)
    assert cleaned.tree == "[REDACTED:npm_token] # kingfisher:ignore"
