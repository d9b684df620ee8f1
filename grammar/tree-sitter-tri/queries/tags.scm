(function_item name: (identifier) @name) @definition.function
(intrinsic_item name: (identifier) @name) @definition.function
(layer_item name: (identifier) @name) @definition.class
(model_item name: (identifier) @name) @definition.class
(dim_item name: (identifier) @name) @definition.constant
(const_item name: (identifier) @name) @definition.constant
(test_item name: (string) @name) @definition.test
(tensor_member name: (identifier) @name) @definition.field
(instance_member name: (identifier) @name) @definition.field

(call_expression function: (identifier) @name) @reference.call
(call_expression function: (index_expression value: (identifier) @name)) @reference.call
(call_expression function: (field_expression field: (field_identifier) @name)) @reference.call
(type_identifier) @name @reference.type
