//! The transcripts of the pages on files: commands that were typed in the folder of these tests, and what they printed.

use std::path::{Path, PathBuf};

use tri_diagnostics::Code;

use crate::artifacts::{signer, stranger};
use crate::errors::NOT_HERE;
use crate::folder::{Folder, text};

fn page(code: Code) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/diagnostics/{code}.md"))
}

/// The commands of a page's `console` fences, each with what it printed.
fn commands(page: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command.to_owned(), String::new())),
                (None, Some((_, printed))) => {
                    printed.push_str(line);
                    printed.push('\n');
                }
                (None, None) => panic!("a transcript begins with a command, not with `{line}`"),
            },
        }
    }
    commands
}

/// Runs `[VARIABLE=VALUE] triton ARGUMENTS`; gives what it printed.
fn repeat(folder: &Folder, command: &str) -> String {
    let keys = [("$SIGNER", signer()), ("$STRANGER", stranger())];
    let named = |word: &str| {
        keys.iter().fold(word.to_owned(), |word, (name, key)| word.replace(name, &key.public().to_string()))
    };
    let words: Vec<String> = command.split(' ').map(named).collect();
    let at = words.iter().position(|word| word == "triton").unwrap_or_else(|| panic!("{command}"));
    let variables: Vec<(&str, &str)> = words[..at].iter().map(|word| word.split_once('=').unwrap()).collect();
    let args: Vec<&str> = words[at + 1..].iter().map(String::as_str).collect();
    let output = folder.run_with(&args, &variables);
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// The words without those that depend on the machine and on how programs are compiled: numbers, and names of CPU levels.
fn lasting(text: &str) -> Vec<Vec<String>> {
    let word = |word: &str| {
        let varies = word.contains(|c: char| c.is_ascii_digit()) && !word.starts_with("error[");
        if varies { "#".to_owned() } else { word.to_owned() }
    };
    text.lines().map(|line| line.split_whitespace().map(word).collect()).collect()
}

#[test]
fn transcripts_are_what_happens() {
    let folder = Folder::new();
    for &code in Code::ALL.iter().filter(|code| code.as_str().starts_with('E') && code.as_str() >= "E4") {
        if NOT_HERE.iter().any(|(other, _)| *other == code) {
            continue;
        }
        let page = std::fs::read_to_string(page(code)).unwrap();
        let commands = commands(&page);
        assert!(!commands.is_empty(), "{code} has no transcript");
        for (command, printed) in commands {
            let found = repeat(&folder, &command);
            assert_eq!(lasting(&found), lasting(&printed), "{code}: $ {command}\n{found}");
        }
    }
}
