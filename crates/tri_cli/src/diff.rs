//! Differences of texts, line by line, as patches write them.

use std::time::Duration;

use similar::TextDiff;

/// How long a difference is looked for that is as short as possible.
const PATIENCE: Duration = Duration::from_secs(5);

/// A unified difference between two states of a file, each with its name.
pub(crate) fn unified(before: (&str, &str), after: (&str, &str)) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before.1, after.1);
    diff.unified_diff().context_radius(3).header(before.0, after.0).to_string()
}
