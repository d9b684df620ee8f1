//! `triton explain E2003`: the page of a diagnostic code.

use serde_json::json;

use crate::args::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::output;
use crate::pages::PAGES;

/// Prints the page.
pub(crate) fn run(args: &ExplainArgs, format: Format) -> Result<(), Failure> {
    let wanted = args.code.to_ascii_uppercase();
    let Some((code, page)) = PAGES.iter().find(|(code, _)| *code == wanted) else {
        let near = tri_driver::nearest(&wanted, PAGES.iter().map(|(code, _)| *code));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Failure::error(format!("there is no page for `{}`{near}", args.code)));
    };
    match format {
        Format::Json => output::json(&json!({ "code": code, "page": page })),
        Format::Text | Format::Concise | Format::Sarif => output::result(page),
    }
    Ok(())
}
