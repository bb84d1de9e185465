"""Secrets that are nobody's, put together at run time so that none stands in a file."""

import random
import string

_LETTERS = string.ascii_letters
_MIXED = _LETTERS + string.digits
_HEX = "0123456789abcdef"


def _body(length: int, alphabet: str = _MIXED, seed: int = 7) -> str:
    source = random.Random(f"{seed} {length} {alphabet}")
    return "".join(source.choice(alphabet) for _ in range(length))


def pem_lines() -> list[str]:
    """A private key as the lines of its file; the body is noise."""
    rule = "-----{} RSA PRIVATE" + " KEY-----"
    return [rule.format("BEGIN"), *(_body(64, _MIXED + "+/", seed) for seed in range(6)), _body(20) + "==", rule.format("END")]


_UPPER = string.ascii_uppercase

BY_VENDOR: dict[str, str] = {
    "aws_key": "AK" + "IA" + _body(16, _UPPER + "234567"),
    "github_token": "gh" + "p_" + _body(36),
    "github_token fine": "github" + "_pat_" + _body(82),
    "gitlab_token": "glp" + "at-" + _body(20),
    "slack_bot_token": "xo" + "xb-" + _body(12, string.digits) + "-" + _body(12, string.digits, 8) + "-" + _body(24),
    "slack_webhook_url": "https://hooks.slack" + f".com/services/T{_body(8, _UPPER)}/B{_body(9, _UPPER)}/{_body(24)}",
    "stripe_access_token": "sk" + "_live_" + _body(24),
    "openai_api_key": "sk-" + "proj-" + _body(74) + "T3Blbk" + "FJ" + _body(74, seed=8),
    "anthropic_api_key": "sk-" + "ant-api03-" + _body(93) + "AA",
    "gcp_api_key": "AI" + "za" + _body(35),
    "huggingface_access_token": "h" + "f_" + _body(34, _LETTERS),
    "npm_token": "np" + "m_" + _body(36),
    "pypi_upload_token": "pyp" + "i-AgEIcHlwaS5vcmc" + _body(70),
    "digitalocean_token": "dop" + "_v1_" + _body(64, _HEX),
    "sendgrid_token": "S" + "G." + _body(22) + "." + _body(43),
    "shopify_access_token": "shp" + "at_" + _body(32, _HEX),
    "twilio_api_key": "S" + "K" + _body(32, _HEX),
    "linear_api_key": "lin" + "_api_" + _body(40),
    "age_secret_key": "AGE-SECRET" + "-KEY-1" + _body(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiI" + _body(30) + "." + _body(43),
    "private_key": "\n".join(pem_lines()),
}  # fmt: skip
"""Secrets that are known by their form alone, under the kind they are redacted as."""

PASSWORD = "Tr0ub4" + "dor&3x"
KEY = _body(24)
OPAQUE = _body(36, seed=9)
AWS_SECRET = _body(40, seed=9)
