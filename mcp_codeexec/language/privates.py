"""Private members: only code inside a class body reaches them, so a class that has some tells them from there to the host side.

    class C { #n = 1; static #all }
    class C {static{__codeexec_class(this,o=>#n in o?[o.#n]:void 0,(o,v)=>(o.#n=v(0)),()=>[this.#all],v=>(this.#all=v(0)))} #n = 1; …

The other side is deno_host/privates.ts; it takes the insertion out again where a source is shown.
"""

from tree_sitter import Node

from mcp_codeexec.language.edits import Edits
from mcp_codeexec.language.grammar import captures, text_of

TELL, MAKING = "__codeexec_class", "__codeexec_making"
_MEMBERS = """
(class_body (public_field_definition name: (private_property_identifier) @field))
(class_body (method_definition name: (private_property_identifier) @method))
"""


def tell_privates(root: Node, edits: Edits) -> None:
    """Have every class with private members tell them. Linear; nothing to do for a text without a `#`."""
    bodies: dict[int, dict[str, list[str]]] = {}
    for kind, names in captures(_MEMBERS, root).items():
        for name in names:
            definition = name.parent
            body = definition.parent if definition is not None else None
            if definition is None or body is None:
                continue
            static = "static " if any(child.type == "static" for child in definition.children) else ""
            bodies.setdefault(body.start_byte, {}).setdefault(static + kind, []).append(text_of(name))
    for start, members in bodies.items():
        fields, own = members.get("field", []), members.get("static field", [])
        brand = [*fields, *members.get("method", [])][:1]
        read = f"{brand[0]} in o?[{_reads('o', fields)}]:void 0" if brand else "void 0"
        tell = f"{TELL}(this,o=>{read},(o,v)=>({_writes('o', fields)}),()=>[{_reads('this', own)}],v=>({_writes('this', own)}))"
        edits.insert(start + 1, f"static{{{tell}}}")


def _reads(of: str, names: list[str]) -> str:
    return ",".join(f"{of}.{name}" for name in names)


def _writes(of: str, names: list[str]) -> str:
    return ",".join(f"{of}.{name}=v({i})" for i, name in enumerate(names)) or "0"
