//! Links between pages: each leads to a file and a heading that exist, and the README leads to every page of `docs/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Folders whose pages are checked, with those below.
const FOLDERS: [&str; 3] = ["docs", "examples", "tests"];

/// Pages of codes are reached by `triton explain`; the README names their folder.
const BY_CODE: &str = "docs/diagnostics";

pub(crate) fn check() -> Result<()> {
    let root = Path::new(crate::root());
    let mut pages = vec![PathBuf::from("README.md")];
    for folder in FOLDERS {
        collect(root, Path::new(folder), &mut pages)?;
    }
    let mut faults = Vec::new();
    let mut leads: BTreeMap<&Path, Vec<PathBuf>> = BTreeMap::new();
    for page in &pages {
        let text = std::fs::read_to_string(root.join(page))?;
        for link in links(&text).into_iter().filter(|link| !is_elsewhere(link)) {
            match target(page, &link) {
                Some(found) => {
                    faults.extend(fault(root, page, &link, &found));
                    leads.entry(page).or_default().push(found.0);
                }
                None => faults.push(format!("{}: `{link}` leaves the repository", page.display())),
            }
        }
    }
    let reached = reached(Path::new("README.md"), &leads);
    for page in pages.iter().filter(|page| page.starts_with("docs") && !page.starts_with(BY_CODE)) {
        if !reached.contains(page) {
            faults.push(format!("the README does not lead to {}", page.display()));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// Every page that links lead to from `start`, directly or not.
fn reached(start: &Path, leads: &BTreeMap<&Path, Vec<PathBuf>>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![start.to_owned()];
    while let Some(page) = open.pop() {
        for next in leads.get(page.as_path()).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    found
}

/// Adds the pages of a folder and those below, as paths from the root.
fn collect(root: &Path, folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(root.join(folder)).with_context(|| folder.display().to_string())?;
    let mut names: Vec<PathBuf> =
        entries.map(|entry| Ok(folder.join(entry?.file_name()))).collect::<Result<_>>()?;
    names.sort();
    for path in names {
        if root.join(&path).is_dir() {
            collect(root, &path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// The targets of the links of a page, outside its code.
fn links(page: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut in_fence = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            // Every other part stands between backquotes.
            for part in line.split('`').step_by(2) {
                let targets = part.split("](").skip(1).filter_map(|rest| rest.split(')').next());
                links.extend(targets.map(str::to_owned));
            }
        }
    }
    links
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// The file that a link of a page leads to, as a path from the root, and the heading; none if it leaves the repository.
fn target<'l>(page: &Path, link: &'l str) -> Option<(PathBuf, Option<&'l str>)> {
    let (file, heading) = match link.split_once('#') {
        Some((file, heading)) => (file, Some(heading)),
        None => (link, None),
    };
    if file.is_empty() {
        return Some((page.to_owned(), heading));
    }
    let mut path = page.parent()?.to_owned();
    for component in Path::new(file).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => path.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some((path, heading))
}

/// Why a link leads nowhere.
fn fault(root: &Path, page: &Path, link: &str, (file, heading): &(PathBuf, Option<&str>)) -> Option<String> {
    let place = root.join(file);
    if !place.exists() {
        return Some(format!("{}: `{link}` leads to no file", page.display()));
    }
    let heading = (*heading)?;
    let text = std::fs::read_to_string(place).unwrap_or_default();
    let is_there = headings(&text).any(|known| known == heading);
    (!is_there).then(|| format!("{}: `{link}` leads to no heading", page.display()))
}

/// The headings of a page as links name them: lower case, words joined by hyphens, other signs left out.
fn headings(page: &str) -> impl Iterator<Item = String> {
    let lines = page.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let text = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        let page = "See [a](b.md) and `f[B](x)`, [c](../d.md#e-f).\n```\n[g](h)\n```\n";
        assert_eq!(links(page), ["b.md", "../d.md#e-f"]);
    }

    #[test]
    fn a_link_starts_from_its_page() {
        let page = Path::new("docs/decisions/a.md");
        assert_eq!(target(page, "../b.md#c"), Some((PathBuf::from("docs/b.md"), Some("c"))));
        assert_eq!(target(page, "#c"), Some((page.to_owned(), Some("c"))));
        assert_eq!(target(page, "../../../b.md"), None);
    }

    #[test]
    fn headings_are_named_as_in_links() {
        let names: Vec<String> = headings("# The artifact\ntext\n## `triton run F.tri`: calls\n").collect();
        assert_eq!(names, ["the-artifact", "triton-run-ftri-calls"]);
    }

    #[test]
    fn every_link_leads_somewhere() -> Result<()> {
        check()
    }
}
