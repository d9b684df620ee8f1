//! Dependency direction: the code map of `docs/architecture.md` lists the crates from bottom to top, and a crate may depend
//! only on crates listed above it. The runtime, moreover, must not reach the front end by any path.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What turns text into tensor IR; a deployed runtime must not carry it.
const FRONT_END: [&str; 5] = ["tri_diagnostics", "tri_syntax", "tri_db", "tri_hir", "tri_lower"];

pub(crate) fn check() -> Result<()> {
    let map = std::fs::read_to_string(format!("{}/docs/architecture.md", crate::root()))?;
    let order = crates_of_code_map(&map);
    let dependencies = workspace_dependencies()?;
    let mut faults = Vec::new();
    for (name, uses) in &dependencies {
        let Some(at) = order.iter().position(|listed| listed == name) else {
            faults.push(format!("`{name}` is not in the code map"));
            continue;
        };
        for used in uses.iter().filter(|used| !order[..at].contains(used)) {
            faults.push(format!("`{name}` depends on `{used}`, which is not above it in the code map"));
        }
    }
    for listed in order.iter().filter(|listed| !dependencies.contains_key(*listed)) {
        faults.push(format!("the code map lists `{listed}`, which does not exist"));
    }
    for name in reachable("tri_runtime", &dependencies) {
        if FRONT_END.contains(&name.as_str()) {
            faults.push(format!("`tri_runtime` reaches `{name}` of the front end"));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// Crate names in the first column of the table, in order.
fn crates_of_code_map(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()))
        .collect()
}

/// Each member of the workspace with the members it depends on, tests' dependencies left out.
fn workspace_dependencies() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(crate::root())
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let name_of = |value: &Value| value["name"].as_str().map(str::to_owned);
    let members: BTreeSet<String> = packages.iter().filter_map(name_of).collect();
    let mut dependencies = BTreeMap::new();
    for package in packages {
        let name = name_of(package).context("package name")?;
        let uses = package["dependencies"].as_array().context("dependencies")?;
        let uses = uses.iter().filter(|dependency| dependency["kind"] != "dev").filter_map(name_of);
        dependencies.insert(name, uses.filter(|used| members.contains(used)).collect());
    }
    Ok(dependencies)
}

/// Every member that `from` depends on, directly or not.
fn reachable(from: &str, dependencies: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        for used in dependencies.get(&name).into_iter().flatten() {
            if found.insert(used.clone()) {
                open.push(used.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_code_map_is_read_in_order() {
        let page = "| crate | owns |\n|---|---|\n| `a` | x |\n| `b`, `c` | y |\n";
        assert_eq!(super::crates_of_code_map(page), ["a", "b", "c"]);
    }

    #[test]
    fn crates_point_upward() -> anyhow::Result<()> {
        super::check()
    }
}
