"""`const enum`: a promise to the compiler, which keeps it by erasing the enum. A session's next run would miss it."""

from mcp_codeexec.language.grammar import readable
from mcp_codeexec.language.objects import read


def with_plain_enums(text: str) -> str:
    """The text with every `const enum` as an `enum`, each place where it was."""
    data = text.encode(errors="replace")
    if b"enum" not in data:
        return text
    reading = read(data)
    if reading.opened >= 0 or not readable(reading.tree):
        return text
    made = bytearray(data)
    for node in reading.marked.get("typed", ()):
        word = node.children[0] if node.type == "enum_declaration" else None
        if word is not None and word.type == "const":
            made[word.start_byte : word.end_byte] = b" " * (word.end_byte - word.start_byte)
    return made.decode()
