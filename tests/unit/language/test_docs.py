"""The page of refused names is the table of rules; `python -m tests.unit.language.test_docs` writes it anew."""

from pathlib import Path

from mcp_codeexec.language import rules

PAGE = Path(__file__).resolve().parents[3] / "docs" / "refused-names.md"


def page() -> str:
    lines = [
        "# What a program may not use, and what to write instead",
        "",
        "Made from `mcp_codeexec/language/rules.py`. A name is refused only where nothing binds it: never one that the program or",
        "the session declares, nor in a type, a property, a comment, a string, after `typeof` or `instanceof`.",
        "",
        "| name | rule | instead |",
        "|---|---|---|",
    ]
    for rule in rules.RULES.values():
        lines.append(f"| `{rule.name}` | {rule.id} | {_cell(rule.advice(''))} |")
        lines += [f"| `{_use(rule.name, member)}` | {rule.id} | {_cell(rule.advice(member))} |" for member in rule.members]
    for what, (rule_id, repair) in {
        "`import`, `export … from` (by module as for `require`)": (rules.IMPORT.id, rules.IMPORT.repair),
        "`import.meta`": rules.IMPORT_META,
        "decorators": rules.DECORATOR,
        "`accessor` fields": rules.ACCESSOR,
        "a Markdown fence around the code": rules.FENCE,
    }.items():
        lines.append(f"| {what} | {rule_id} | {_cell(repair)} |")
    return "\n".join([*lines, ""])


def _use(name: str, member: str) -> str:
    if name == "require" and member != "main":
        return f'require("{member}")'
    return f"{name}.{'…' if member == '*' else member}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("write * alone", "write … alone")


def test_the_page_of_refused_names_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
