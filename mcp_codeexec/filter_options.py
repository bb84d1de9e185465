"""What the operator chooses of the output filter. Apart from Settings, whose fields these are: the filter knows nothing else of them."""

from dataclasses import dataclass, field
from typing import Literal, get_args

PersonalKind = Literal["email", "phone", "card", "iban", "national_id", "ip", "mac", "birth_date"]
"""A kind of personal data that rules find; upper-cased it is the word in a token."""
NameKind = Literal["person", "address"]
"""A kind that only a model finds: `name_model` names it."""
PERSONAL_KINDS: tuple[PersonalKind, ...] = get_args(PersonalKind)
NAME_KINDS: tuple[NameKind, ...] = get_args(NameKind)


@dataclass(frozen=True)
class FilterOptions:
    """Kinds of personal data to hide, texts to leave alone, the model for names, and exact values that are secret, as in Settings."""

    personal_data: tuple[PersonalKind | NameKind, ...] = (*PERSONAL_KINDS, *NAME_KINDS)
    allow: tuple[str, ...] = ()
    name_model: str = ""
    secret_values: tuple[str, ...] = field(default=(), repr=False)
