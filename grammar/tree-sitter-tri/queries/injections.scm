; Documentation is Markdown.

([(doc_comment) (file_doc_comment)] @injection.content
  (#set! injection.language "markdown_inline"))
([(line_comment) (block_comment)] @injection.content
  (#set! injection.language "comment"))
