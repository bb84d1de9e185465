"""What others find in the same texts and we leave: all of it is known, counted and has a reason. A new difference fails.

The oracles are Presidio's recognisers of numbers and addresses, which need no model, and detect-secrets' plugins. Left out: what asks
for a word nearby that Presidio takes from a model, what is of no person (routing numbers, number plates, licences), and the part of
Presidio's EmailRecognizer that fetches a list of domains from the network; its pattern is here.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin
from presidio_analyzer import EntityRecognizer, PatternRecognizer, RecognizerResult
from presidio_analyzer import predefined_recognizers as presidio

from mcp_codeexec.filtering.detect import Detector
from mcp_codeexec.filtering.joined import JoinedText
from mcp_codeexec.filtering.tree import StringTree
from tests.unit.filtering.forms import FORMS
from tests.unit.filtering.people import LOOK_ALIKES, MAKERS
from tests.unit.filtering.samples import BY_VENDOR
from tests.unit.filtering.test_corpora import CORPORA
from tests.unit.filtering.vendor_keys import KEYS

MANY = 30
LIKELY = 0.4  # Presidio's score without context; what is below it is not believed there either
RECOGNISERS: tuple[EntityRecognizer, ...] = (
    PatternRecognizer("EMAIL_ADDRESS", patterns=presidio.EmailRecognizer.PATTERNS),
    presidio.AuMedicareRecognizer(),
    presidio.AuTfnRecognizer(),
    presidio.CaSinRecognizer(),
    presidio.CreditCardRecognizer(),
    presidio.DeSocialSecurityRecognizer(),
    presidio.DeTaxIdRecognizer(),
    presidio.EsNieRecognizer(),
    presidio.EsNifRecognizer(),
    presidio.FiPersonalIdentityCodeRecognizer(),
    presidio.IbanRecognizer(),
    presidio.InAadhaarRecognizer(),
    presidio.InPanRecognizer(),
    presidio.IpRecognizer(),
    presidio.ItFiscalCodeRecognizer(),
    presidio.KrRrnRecognizer(),
    presidio.MacAddressRecognizer(),
    presidio.NgNinRecognizer(),
    presidio.NhsRecognizer(),
    presidio.PlPeselRecognizer(),
    presidio.SePersonnummerRecognizer(),
    presidio.SgFinRecognizer(),
    presidio.ThTninRecognizer(),
    presidio.TrNationalIdRecognizer(),
    presidio.UkNinoRecognizer(),
    presidio.UsItinRecognizer(),
    presidio.UsMbiRecognizer(),
    presidio.UsSsnRecognizer(),
    presidio.ZaIdNumberRecognizer(),
)
PHONES = presidio.PhoneRecognizer()
PLUGINS: dict[str, BasePlugin] = {name: plugin() for name, plugin in get_mapping_from_secret_type_to_class().items()}

BY_NAME = (
    "one number in ten to a hundred has this check digit: we want its name before it, with which we find it (the rows `named`)"
)
NOBODYS = "a number of a country that is not in our list; its check digit passes one in ten by chance"
WHY = {
    "AU_MEDICARE": NOBODYS,
    "AU_TFN": NOBODYS,
    "CA_SIN": BY_NAME,
    "CREDIT_CARD": "Luhn alone: one number in ten has it. We want an issuer's range, and a word or more such numbers beside a bare one",
    "DE_TAX_ID": BY_NAME,
    "EMAIL_ADDRESS": "versions of packages, `react@19.0.0`",
    "ES_NIE": BY_NAME,
    "ES_NIF": BY_NAME,
    "IN_AADHAAR": BY_NAME,
    "IP_ADDRESS": "private addresses, nets, and versions of four numbers",
    "MAC_ADDRESS": "three times six pairs of a fingerprint, which is of no device",
    "NG_NIN": NOBODYS,
    "PHONE_NUMBER": "numbers without a country's code, which Presidio tries as those of several countries: versions and ids too",
    "PL_PESEL": BY_NAME,
    "SE_PERSONNUMMER": BY_NAME,
    "TH_TNIN": NOBODYS,
    "TR_NATIONAL_ID": BY_NAME,
    "UK_NHS": BY_NAME,
}
SOME = -1  # of phone numbers: how many changes with the month's numbering plans
OF_NO_PHONES = ("like: ", *(f"bare: {kind}" for kind in FORMS if kind != "national phone"))  # where a few numbers are, by chance
UNSEEN: dict[str, dict[str, int]] = {
    "bare: UK NHS": {"UK_NHS": 30},
    "bare: ES DNI": {"ES_NIF": 30},
    "bare: ES NIE": {"ES_NIE": 30},
    "bare: DE tax id": {"DE_TAX_ID": 30, "NG_NIN": 1, "SE_PERSONNUMMER": 1},
    "bare: PL PESEL": {"DE_TAX_ID": 4, "NG_NIN": 3, "PL_PESEL": 30},
    "bare: IN Aadhaar": {"IN_AADHAAR": 30},
    "bare: CA SIN": {"AU_TFN": 2, "CA_SIN": 30},
    "bare: TR id": {"DE_TAX_ID": 1, "NG_NIN": 3, "SE_PERSONNUMMER": 1, "TR_NATIONAL_ID": 30},
    "bare: SE personnummer": {"SE_PERSONNUMMER": 30, "UK_NHS": 3},
    "bare: national phone": {"PHONE_NUMBER": SOME},
    "like: float": {"PL_PESEL": 1, "SE_PERSONNUMMER": 1, "TH_TNIN": 3},
    "like: large float": {"CREDIT_CARD": 1, "PL_PESEL": 2},
    "like: signed float": {"AU_MEDICARE": 4, "UK_NHS": 3},
    "like: milliseconds": {"PL_PESEL": 3, "TH_TNIN": 1},
    "like: seconds": {"UK_NHS": 1},
    "like: microseconds": {"CREDIT_CARD": 7, "PL_PESEL": 6, "SE_PERSONNUMMER": 1},
    "like: file size": {"IN_AADHAAR": 2, "SE_PERSONNUMMER": 1},
    "like: id of 9 digits": {"AU_TFN": 3},
    "like: id of 10 digits": {"AU_MEDICARE": 1, "UK_NHS": 3},
    "like: id of 11 digits": {"DE_TAX_ID": 2, "NG_NIN": 3, "PL_PESEL": 1, "TR_NATIONAL_ID": 2},
    "like: id of 18 digits": {"PL_PESEL": 1},
    "like: ids of 16 digits": {"CREDIT_CARD": 46, "PL_PESEL": 59, "SE_PERSONNUMMER": 7},
    "like: order number": {"CREDIT_CARD": 1},
    "like: fingerprint": {"MAC_ADDRESS": 90},
    "like: pinned version": {"IP_ADDRESS": 30},
    "like: user agent": {"IP_ADDRESS": 60},
    "like: private address": {"IP_ADDRESS": 30},
    "like: network": {"IP_ADDRESS": 30},
    "like: sum": {"AU_MEDICARE": 2, "SE_PERSONNUMMER": 1, "UK_NHS": 5},
    "like: package": {"EMAIL_ADDRESS": 30},
    "like: matrix": {"CREDIT_CARD": 24, "IN_AADHAAR": 32},
    "like: star": {"AU_TFN": 3},
    "clean: packages": {"EMAIL_ADDRESS": 6, "PHONE_NUMBER": SOME},
    "clean: logs": {"IP_ADDRESS": 1},
    "clean: rows": {"PHONE_NUMBER": SOME, "TH_TNIN": 6},
    "clean: rows as text": {
        "AU_MEDICARE": 1,
        "AU_TFN": 2,
        "NG_NIN": 1,
        "PHONE_NUMBER": SOME,
        "PL_PESEL": 2,
        "SE_PERSONNUMMER": 1,
        "TH_TNIN": 6,
        "UK_NHS": 3,
    },
}

WHY_SECRET = {
    "AWS Access Key": "A3T and one letter, a prefix of which no key is known to us",
    "Artifactory Credentials": "AP, a digit and letters: so do names of classes begin",
    "Base64 High Entropy String": "what looks random is readable here: hashes of packages, data",
    "Hex High Entropy String": "what looks random is readable here: hashes, digests",
    "Secret Keyword": "labels and messages under the key `password`",
    "SoftLayer Credentials": "the address of a service that has ended",
    "Twilio API Key": "AC…, the id of an account, which is no secret without its token",
}
SECRETS_UNSEEN: dict[str, dict[str, int]] = {
    "Artifactory Credentials: password": {"Artifactory Credentials": 30},
    "AWS Access Key: A3T": {"AWS Access Key": 30},
    "SoftLayer Credentials: URL": {"SoftLayer Credentials": 30},
    "Twilio API Key: account": {"Twilio API Key": 30},
    "clean: packages": {"Base64 High Entropy String": 20},
    "clean: rows": {"Base64 High Entropy String": 60, "Hex High Entropy String": 120, "Secret Keyword": 30},
    "clean: rows as text": {"Base64 High Entropy String": 60, "Hex High Entropy String": 120, "Secret Keyword": 30},
}


def _lines(seed: str, make: Callable[[random.Random], str]) -> list[str]:
    source = random.Random(seed)
    return [make(source) for _ in range(MANY)]


def _texts() -> dict[str, str]:
    """What the oracles read, by name."""
    made = {f"made: {kind}": _lines(kind, MAKERS[kind]) for kind in MAKERS}
    for kind, (name, make) in FORMS.items():
        made[f"bare: {kind}"] = _lines(kind, make)
        made[f"named: {kind}"] = [f"{name}: {value}" for value in _lines(kind, make)]
    made |= {f"like: {kind}": _lines(kind, make) for kind, make in LOOK_ALIKES.items()}
    clean = {f"clean: {name}": JoinedText(StringTree(corpus).pieces).data.decode() for name, corpus in CORPORA.items()}
    return {name: "\n".join(lines) for name, lines in made.items()} | clean


TEXTS = _texts()
SECRETS = {f"sample: {kind}": [secret] for kind, secret in BY_VENDOR.items()} | {
    f"{plugin}: {form}": _lines(form, make) for plugin, forms in KEYS.items() for form, make in forms.items()
}


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def _by_presidio(text: str, *, phones: bool = True) -> Iterator[RecognizerResult]:
    for recogniser in (*RECOGNISERS, PHONES) if phones else RECOGNISERS:
        results = recogniser.analyze(text, recogniser.supported_entities, None)  # pyright: ignore[reportArgumentType] as they call it
        yield from (result for result in results if result.score >= LIKELY)


def _left(detector: Detector, text: str) -> list[tuple[int, int]]:
    """What of `text`, in characters, we do not touch."""
    data = text.encode()
    ends = [0, *(at for span in detector.find(data) for at in (span.start, span.end)), len(data)]
    at = [len(data[:end].decode()) for end in ends]
    return list(zip(at[::2], at[1::2], strict=True))


@pytest.mark.parametrize("name", TEXTS)
def test_what_presidio_finds_and_we_leave_is_known(detector: Detector, name: str) -> None:
    text = TEXTS[name]
    left = _left(detector, text)
    unseen = Counter(
        result.entity_type
        for result in _by_presidio(text, phones=not name.startswith(OF_NO_PHONES))
        if any(start <= result.start and result.end <= end for start, end in left)
    )
    assert {kind: SOME if kind == "PHONE_NUMBER" else count for kind, count in unseen.items()} == UNSEEN.get(name, {})


def test_every_difference_is_of_a_text_and_has_a_reason() -> None:
    assert set(UNSEEN) <= set(TEXTS)
    assert {kind for kinds in UNSEEN.values() for kind in kinds} == set(WHY)
    assert set(SECRETS_UNSEEN) <= set(SECRETS) | set(TEXTS)
    assert {kind for kinds in SECRETS_UNSEEN.values() for kind in kinds} == set(WHY_SECRET)


@pytest.mark.parametrize("kind", FORMS)
def test_the_oracle_sees_the_forms_that_are_made(kind: str) -> None:
    """Else it would agree with us for nothing."""
    text = TEXTS[f"bare: {kind}"]
    assert len({text.count("\n", 0, result.start) for result in _by_presidio(text)}) == MANY


def _by_plugin(plugin: BasePlugin, line: str) -> Iterator[str]:
    for secret in plugin.analyze_string(line):
        if not isinstance(plugin, HighEntropyStringsPlugin) or plugin.calculate_shannon_entropy(secret) > plugin.entropy_limit:
            yield secret


@pytest.mark.parametrize("name", [*SECRETS, *(name for name in TEXTS if name.startswith("clean: "))])
def test_what_detect_secrets_finds_and_we_leave_is_known(detector: Detector, name: str) -> None:
    unseen: Counter[str] = Counter()
    for line in SECRETS.get(name) or TEXTS[name].split("\n"):
        left = [line[start:end] for start, end in _left(detector, line)]
        for kind, plugin in PLUGINS.items():
            unseen[kind] += sum(any(secret in part for part in left) for secret in _by_plugin(plugin, line))
    assert dict(+unseen) == SECRETS_UNSEEN.get(name, {})


@pytest.mark.parametrize(("plugin", "form"), [(plugin, form) for plugin, forms in KEYS.items() for form in forms])
def test_the_plugin_sees_the_keys_that_are_made(plugin: str, form: str) -> None:
    """Else it would agree with us for nothing."""
    assert all(any(_by_plugin(PLUGINS[plugin], line)) for line in SECRETS[f"{plugin}: {form}"])
