//! `triton explain E2003`: the page of a diagnostic code. Without a code, all codes.

use serde_json::{Value, json};
use tri_diagnostics::Code;

use crate::args::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::output;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Prints the page, or the list.
pub(crate) fn run(args: &ExplainArgs, format: Format) -> Result<(), Failure> {
    let Some(wanted) = &args.code else {
        list(format);
        return Ok(());
    };
    let known = wanted.to_ascii_uppercase();
    let Some((code, page)) = PAGES.iter().find(|(code, _)| *code == known) else {
        return Err(Failure::error(unknown(wanted, &known)));
    };
    match format {
        Format::Json => output::json(&json!({ "code": code, "title": title(code), "page": page })),
        Format::Text | Format::Concise | Format::Sarif => output::result(page),
    }
    Ok(())
}

fn list(format: Format) {
    if format == Format::Json {
        let codes: Vec<Value> =
            PAGES.iter().map(|(code, _)| json!({ "code": code, "title": title(code) })).collect();
        output::json(&json!({ "codes": codes }));
        return;
    }
    for (code, _) in PAGES {
        output::result(format_args!("{code}  {}\n", title(code)));
    }
}

fn title(code: &str) -> &'static str {
    Code::parse(code).map_or("", Code::title)
}

fn unknown(wanted: &str, upper: &str) -> String {
    let codes = PAGES.iter().map(|(code, _)| *code);
    match tri_driver::nearest(upper, codes) {
        Some(near) => {
            format!("there is no page for `{wanted}`; did you mean `{near}` ({})?", title(near))
        }
        None => format!("there is no page for `{wanted}`; `triton explain` lists all codes"),
    }
}
