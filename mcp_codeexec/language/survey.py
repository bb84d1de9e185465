"""One pass over a syntax tree for all that the validator and prepare always look for: a pass costs more than what it looks for."""

from tree_sitter import Node

from mcp_codeexec.language.grammar import captures

Marked = dict[str, list[Node]]

_QUERY = """
; the validator: what is refused for its syntax alone
(import_statement) @import
(export_statement source: (_)) @export_from
(import) @import_call
(meta_property) @meta
(decorator) @decorator
(public_field_definition) @field
(string) @string
(template_string) @template
(subscript_expression) @subscript

; the validator: what plain JavaScript does not have, or may only have in a module
[
  (type_annotation) (type_arguments) (type_parameters) (type_alias_declaration) (interface_declaration) (enum_declaration)
  (internal_module) (module) (ambient_declaration) (abstract_class_declaration) (as_expression) (satisfies_expression)
  (non_null_expression) (type_assertion) (accessibility_modifier) (override_modifier) (optional_parameter) (function_signature)
  (method_signature) (abstract_method_signature) (index_signature) (implements_clause) (import_statement) (import_alias) (export_statement)
  (type_predicate_annotation) (asserts_annotation) (decorator)
  "readonly" "declare" "abstract" "accessor"
  (public_field_definition ["?" "!"]) (method_definition "?") (variable_declarator "!")
] @typed

; rewrite: declarations that bind at the top from further in
(variable_declaration) @var
(for_in_statement kind: "var" @word left: (_) @left)
(statement_block (function_declaration) @inner_function)
(switch_case (function_declaration) @case_function)
(switch_default (function_declaration) @case_function)
(if_statement consequence: (function_declaration) @only_function)
(else_clause (function_declaration) @only_function)
(labeled_statement body: (function_declaration) @labelled_function)

; targets: what is assigned to, or may change
(assignment_expression left: (_) @target)
(augmented_assignment_expression) @augmented
(augmented_assignment_expression left: (_) @target)
(update_expression argument: (_) @target)
(for_in_statement !kind left: (_) @target)
(unary_expression operator: "delete" argument: (_) @deleted)
(call_expression) @call
"""


def survey(root: Node) -> Marked:
    """What was looked for, by its name in the query above, in the order of the text."""
    return captures(_QUERY, root)
