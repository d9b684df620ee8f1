; As nvim-treesitter reads it.

[
  (block)
  (member_list)
  (use_list)
  (parameters)
  (generic_parameters)
  (arguments)
  (shape)
  (index_expression)
  (parenthesized_expression)
  (tuple_expression)
  (list_expression)
  (repeat_expression)
  (list_comprehension)
] @indent.begin

["}" "]" ")"] @indent.branch @indent.end

(block_comment) @indent.ignore
(ERROR) @indent.auto
