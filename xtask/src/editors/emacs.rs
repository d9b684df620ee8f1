//! The mode of Emacs: the Lisp of `docs/editors.md` as it stands there, held by `grammar/emacs/test.el`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::setup::{fence, page, run};
use crate::{root, system};

pub(super) fn check() -> Result<()> {
    system::require(&["emacs"])?;
    let init = Path::new(root()).canonicalize()?.join("target/tri-mode.el");
    std::fs::write(&init, fence(&page()?, "elisp emacs")?)?;
    run(Command::new("emacs")
        .current_dir(root())
        .args(["--quick", "--batch", "--load"])
        .arg(&init)
        .args(["--load=grammar/emacs/test.el", "--funcall=ert-run-tests-batch-and-exit"])
        .stdin(Stdio::null()))
}
