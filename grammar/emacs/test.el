;;; test.el --- The mode of docs/editors.md in Emacs  -*- lexical-binding: t -*-

;; `cargo xtask editors' runs this after the Lisp of the page, in the root of the repository. The server is not started.

;;; Code:

(require 'ert)

(remove-hook 'tri-mode-hook #'eglot-ensure)

(defun face-of (text)
  "The face of the first TEXT of the buffer."
  (goto-char (point-min))
  (search-forward text)
  (get-text-property (match-beginning 0) 'face))

(ert-deftest programs-keep-their-indentation ()
  (let ((programs (append (directory-files-recursively "examples" "\\.tri\\'")
                          (directory-files-recursively "stdlib" "\\.tri\\'"))))
    (should (> (length programs) 10))
    (dolist (program programs)
      (find-file program)
      (should (eq major-mode 'tri-mode))
      (let ((before (buffer-string)))
        (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
        (should (string= before (buffer-string))))
      (set-buffer-modified-p nil))))

(ert-deftest words-have-their-faces ()
  (find-file "examples/digits.tri")
  (font-lock-ensure)
  (pcase-dolist (`(,text ,face)
                 '(("use std" font-lock-keyword-face) ("RmsNorm" font-lock-type-face) ("model " font-lock-keyword-face)
                   ("fn " font-lock-keyword-face) ("forward[" font-lock-function-name-face)
                   ("f32[" font-lock-type-face) ("///" font-lock-comment-delimiter-face)))
    (should (eq (face-of text) face))))

(ert-deftest comments-nest-and-end ()
  (with-temp-buffer
    (insert "/* a /* b */ fn */ model // use\nlayer \"let \\\" var\" dim")
    (tri-mode)
    (font-lock-ensure)
    (dolist (text '("a" "b" "fn"))
      (should (eq (face-of text) 'font-lock-comment-face)))
    (should (eq (face-of "use") 'font-lock-comment-face))
    (dolist (text '("let" "var"))
      (should (eq (face-of text) 'font-lock-string-face)))
    (dolist (text '("model" "layer" "dim"))
      (should (eq (face-of text) 'font-lock-keyword-face)))))

(ert-deftest a-line-is-indented-by-its-brackets ()
  (with-temp-buffer
    (tri-mode)
    (insert "fn f() {\nlet x = g(\n1,\n)\n}\n")
    (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
    (should (string= (buffer-string) "fn f() {\n    let x = g(\n        1,\n    )\n}\n"))))

;;; test.el ends here
