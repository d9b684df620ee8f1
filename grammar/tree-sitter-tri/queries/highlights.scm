; Colours. Where several patterns name a node, the last one counts.

(identifier) @variable

; What a name is by where it stands

(field_identifier) @property
(dim_item name: (identifier) @type)
(dim_parameter name: (identifier) @type)
(pack_parameter name: (identifier) @type)
(element_parameter name: (identifier) @type)
(let_dim_statement name: (identifier) @type)
(pack name: (identifier) @type)
(parameter name: (identifier) @variable.parameter)
(named_argument name: (identifier) @variable.parameter)
(tensor_member name: (identifier) @property)
(instance_member name: (identifier) @property)

; Layers, models and dims are UpperCamel; constants are UPPER_SNAKE

((identifier) @type
  (#match? @type "^_*[A-Z]"))
((identifier) @constant
  (#match? @constant "^_*[A-Z][A-Z0-9_]+$"))

(type_identifier) @type
(primitive_type) @type.builtin

; Functions

(function_item name: (identifier) @function)
(intrinsic_item name: (identifier) @function)
(call_expression function: (identifier) @function.call)
(call_expression function: (index_expression value: (identifier) @function.call))
(call_expression function: (field_expression field: (field_identifier) @function.method.call))
(call_expression
  function: (index_expression value: (field_expression field: (field_identifier) @function.method.call)))

((call_expression function: (identifier) @constructor)
  (#match? @constructor "^_*[A-Z]"))
((call_expression function: (index_expression value: (identifier) @constructor))
  (#match? @constructor "^_*[A-Z]"))

(layer_item name: (identifier) @type.definition)
(model_item name: (identifier) @type.definition)

; Modules and imports

(use_path (identifier) @module)
(use_list (identifier) @module)
(use_path (identifier) @variable .)
(use_path alias: (identifier) @variable)
(use_name (identifier) @variable)
((use_path (identifier) @type .)
  (#match? @type "^_*[A-Z]"))
((use_path alias: (identifier) @type)
  (#match? @type "^_*[A-Z]"))
((use_name (identifier) @type)
  (#match? @type "^_*[A-Z]"))

(attribute "@" @attribute name: (identifier) @attribute)

; Literals

(integer) @number
(float) @number.float
(boolean) @boolean
(string) @string
(escape_sequence) @string.escape

((identifier) @constant.builtin
  (#any-of? @constant.builtin "inf" "nan" "pi"))
((identifier) @variable.builtin
  (#eq? @variable.builtin "training"))

; Words

["dim" "const" "let" "var" "where" "assert" "test"] @keyword
["fn" "intrinsic"] @keyword.function
["layer" "model"] @keyword.type
["param" "buffer" "state"] @keyword.modifier
["use" "as"] @keyword.import
(cast_expression "as" @keyword.operator)
["if" "else"] @keyword.conditional
["for" "in"] @keyword.repeat
(dim_parameter "in" @keyword)

; Signs

["+" "-" "*" "/" "%" "==" "!=" "<" "<=" ">" ">=" "&&" "||" "!" "=" ".." "->"] @operator
(binary_expression operator: "@" @operator)
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," "." ":" ";"] @punctuation.delimiter
[(wildcard) (new_axis) (rest)] @punctuation.special

; Comments

[(line_comment) (block_comment)] @comment
[(doc_comment) (file_doc_comment)] @comment.documentation
