"""Keys in the forms that vendors give out, made at run time and nobody's; by the name that detect-secrets has for their kind."""

import base64
import json
import random
import string
from collections.abc import Callable

_MIXED = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_BASE64 = _MIXED + "+/"
_URLSAFE = _MIXED + "-_"


def _body(source: random.Random, length: int, alphabet: str = _MIXED) -> str:
    return "".join(source.choices(alphabet, k=length))


def _jwt(source: random.Random) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": _body(source, 12), "iat": source.randrange(10**9)})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, _body(source, 43, _URLSAFE)])


def _private_key(source: random.Random) -> str:
    kind = source.choice(["RSA PRIVATE", "EC PRIVATE", "DSA PRIVATE", "OPENSSH PRIVATE", "PRIVATE"])
    lines = [_body(source, 64, _BASE64) for _ in range(5)]
    return "\n".join([f"-----BEGIN {kind} KEY-----", *lines, f"-----END {kind} KEY-----"])


def _numbers(source: random.Random, count: int) -> str:
    return "-".join(str(source.randrange(10**11, 10**12)) for _ in range(count))


def _gitlab(source: random.Random) -> str:
    prefix, length = source.choice(
        [("glpat", 20), ("gldt", 20), ("glft", 20), ("glsoat", 20), ("glrt", 20), ("glagent", 50), ("gloas", 64)]
    )
    return f"{prefix}-{_body(source, length)}"


KEYS: dict[str, dict[str, Callable[[random.Random], str]]] = {
    "Artifactory Credentials": {
        "token": lambda source: f"AKCp8{_body(source, 68)}",
        "password": lambda source: f"AP{source.choice('AB')}{_body(source, 30)}",
    },
    "AWS Access Key": {
        "long-term": lambda source: "AKIA" + _body(source, 16, string.ascii_uppercase + "234567"),
        "temporary": lambda source: "ASIA" + _body(source, 16, string.ascii_uppercase + "234567"),
        "bearer": lambda source: "ABIA" + _body(source, 16, string.ascii_uppercase + "234567"),
        "context": lambda source: "ACCA" + _body(source, 16, string.ascii_uppercase + "234567"),
        "A3T": lambda source: "A3TX" + _body(source, 16, string.ascii_uppercase + "234567"),
        "secret": lambda source: f'aws_secret_key = "{_body(source, 40, _BASE64)}"',
    },
    "Azure Storage Account access key": {
        "connection string": lambda source: f"AccountName=x;AccountKey={_body(source, 86, _BASE64)}==;EndpointSuffix=y"
    },
    "Basic Auth Credentials": {"URL": lambda source: f"https://ann:{_body(source, 12)}@db.example.com/x"},
    "Cloudant Credentials": {
        "password in URL": lambda source: f"https://acc:{_body(source, 64, _HEX)}@acc.cloudant.com",
        "key in URL": lambda source: f"https://acc:{_body(source, 24, string.ascii_lowercase)}@acc.cloudant.com",
        "password": lambda source: f"cloudant_password = {_body(source, 64, _HEX)}",
    },
    "Discord Bot Token": {
        "token": lambda source: f"{source.choice('MNO')}{_body(source, 23)}.{_body(source, 6, _URLSAFE)}.{_body(source, 27, _URLSAFE)}"
    },
    "GitHub Token": {"token": lambda source: f"{source.choice(['ghp', 'gho', 'ghu', 'ghs', 'ghr'])}_{_body(source, 36)}"},
    "GitLab Token": {
        "token": _gitlab,
        "runner": lambda source: f"GR1348941{_body(source, 20)}",
        "CI job": lambda source: f"glcbt-64_{_body(source, 20)}",
        "trigger": lambda source: f"glptt-{_body(source, 40, _HEX)}",
        "incoming mail": lambda source: f"glimt-{_body(source, 25)}",
    },
    "IBM Cloud IAM Key": {"key": lambda source: f"ibm_cloud_api_key = {_body(source, 44)}"},
    "IBM COS HMAC Credentials": {"key": lambda source: f"cos_secret_access_key = {_body(source, 48, _HEX)}"},
    "JSON Web Token": {"token": _jwt},
    "Mailchimp Access Key": {"key": lambda source: f"{_body(source, 32, _HEX)}-us{source.randrange(1, 21)}"},
    "NPM tokens": {
        "token": lambda source: f"//registry.example.com/:_authToken=npm_{_body(source, 36)}",
        "older": lambda source: f"//registry.example.com/:_authToken={_body(source, 8, _HEX)}-1111-4111-8111-{_body(source, 12, _HEX)}",
    },
    "OpenAI Token": {
        "key": lambda source: f"sk-{_body(source, 20)}T3BlbkFJ{_body(source, 20)}",
        "project": lambda source: f"sk-proj-{_body(source, 74)}T3BlbkFJ{_body(source, 74)}",
    },
    "Private Key": {"block": _private_key},
    "PyPI Token": {
        "token": lambda source: f"pypi-AgEIcHlwaS5vcmc{_body(source, 80, _URLSAFE)}",
        "of the test index": lambda source: f"pypi-AgENdGVzdC5weXBpLm9yZw{_body(source, 80, _URLSAFE)}",
    },
    "SendGrid API Key": {"key": lambda source: f"SG.{_body(source, 22, _URLSAFE)}.{_body(source, 43, _URLSAFE)}"},
    "Slack Token": {
        "bot": lambda source: f"xoxb-{_numbers(source, 2)}-{_body(source, 24)}",
        "user": lambda source: f"xoxp-{_numbers(source, 3)}-{_body(source, 32, _HEX)}",
        "app": lambda source: f"xoxa-{_numbers(source, 1)}-{_body(source, 32, _HEX)}",
        "older": lambda source: f"xox{source.choice('os')}-{_numbers(source, 3)}-{_body(source, 32, _HEX)}",
        "refresh": lambda source: f"xoxr-{_numbers(source, 2)}-{_body(source, 32, _HEX)}",
        "webhook": lambda source: (
            f"https://hooks.slack.com/services/T{_body(source, 8, _UPPER)}/B{_body(source, 9, _UPPER)}/{_body(source, 24)}"
        ),
    },
    "SoftLayer Credentials": {
        "key": lambda source: f"softlayer_api_key = {_body(source, 64, _LOWER)}",
        "URL": lambda source: f"https://api.softlayer.com/soap/v3/{_body(source, 64, _LOWER)}",
    },
    "Square OAuth Secret": {"secret": lambda source: f"sq0csp-{_body(source, 43, _URLSAFE)}"},
    "Stripe Access Key": {"key": lambda source: f"{source.choice('rs')}k_live_{_body(source, 24)}"},
    "Telegram Bot Token": {"token": lambda source: f"{source.randrange(10**8, 10**10)}:AA{_body(source, 33, _URLSAFE)}"},
    "Twilio API Key": {
        "account": lambda source: f"AC{_body(source, 32, _HEX)}",
        "key": lambda source: f"SK{_body(source, 32, _HEX)}",
    },
}  # fmt: skip
