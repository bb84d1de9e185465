"""docs/refused-names.md: the table of rules."""

from mcp_codeexec.language import rules
from tests.docs.table import table

_HEAD = """\
# What a program may not use, and what to write instead

Made from `mcp_codeexec/language/rules.py`. A name is refused only where nothing binds it: never one that the program or
the session declares, nor in a type, a property, a comment, a string, after `typeof` or `instanceof`.

"""


def page() -> str:
    rows: list[tuple[str, str, str]] = []
    for rule in rules.RULES.values():
        rows.append((f"`{rule.name}`", rule.id, rule.advice("")))
        rows += [(f"`{_use(rule.name, member)}`", rule.id, rule.advice(member)) for member in rule.members]
    for what, (rule_id, repair) in {
        "`import`, `export … from` (by module as for `require`)": (rules.IMPORT.id, rules.IMPORT.repair),
        "`import.meta`": rules.IMPORT_META,
        "decorators": rules.DECORATOR,
        "`accessor` fields": rules.ACCESSOR,
        "a Markdown fence around the code": rules.FENCE,
    }.items():
        rows.append((what, rule_id, repair))
    return _HEAD + table(("name", "rule", "instead"), [(a, b, c.replace("write * alone", "write … alone")) for a, b, c in rows])


def _use(name: str, member: str) -> str:
    if name == "require" and member != "main":
        return f'require("{member}")'
    return f"{name}.{'…' if member == '*' else member}"
