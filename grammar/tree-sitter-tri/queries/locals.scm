; What a name means within its file.

[(function_item) (intrinsic_item) (layer_item) (model_item) (test_item) (block) (for_statement) (list_comprehension)] @local.scope

(dim_item name: (identifier) @local.definition.constant)
(const_item name: (identifier) @local.definition.constant)
(use_name name: (identifier) @local.definition.import)
(dim_parameter name: (identifier) @local.definition.type)
(pack_parameter name: (identifier) @local.definition.type)
(element_parameter name: (identifier) @local.definition.type)
(let_dim_statement name: (identifier) @local.definition.constant)
(parameter name: (identifier) @local.definition.parameter)
(tensor_member name: (identifier) @local.definition.field)
(instance_member name: (identifier) @local.definition.field)
(let_statement pattern: (identifier) @local.definition.var)
(for_statement pattern: (identifier) @local.definition.var)
(list_comprehension pattern: (identifier) @local.definition.var)
(tuple_pattern (identifier) @local.definition.var)

(function_item name: (identifier) @local.definition.function
  (#set! definition.function.scope "parent"))
(layer_item name: (identifier) @local.definition.type
  (#set! definition.type.scope "parent"))
(model_item name: (identifier) @local.definition.type
  (#set! definition.type.scope "parent"))

(identifier) @local.reference
(type_identifier) @local.reference
