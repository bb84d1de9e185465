"""What the transpiler is sent: the text as it is meant, where that is not how the compiler reads it.

`const enum` is a promise to the compiler, which keeps it by erasing the enum: a session's next run would miss it. And a last object
without parentheses would be a block.
"""

from mcp_codeexec.language.grammar import readable
from mcp_codeexec.language.objects import read


def as_meant(text: str) -> str:
    """The text with every `const enum` as an `enum`, each place where it was, and with a last object in its parentheses."""
    reading = read(text.encode(errors="replace"))
    if b"enum" not in reading.data or not readable(reading.tree):
        return text if reading.opened < 0 else reading.data.decode()
    made = bytearray(reading.data)
    for node in reading.marked.get("typed", ()):
        word = node.children[0] if node.type == "enum_declaration" else None
        if word is not None and word.type == "const":
            made[word.start_byte : word.end_byte] = b" " * (word.end_byte - word.start_byte)
    return made.decode()
