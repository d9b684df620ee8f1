[
  (block)
  (member_list)
  (parameters)
  (arguments)
  (list_expression)
  (use_list)
  (block_comment)
] @fold

(file_doc_comment)+ @fold
(doc_comment)+ @fold
(line_comment)+ @fold
(use_declaration)+ @fold
