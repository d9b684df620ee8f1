//! `tri_testkit`: random programs from the command line.
//!
//! ```text
//! tri_testkit search FIRST END FOLDER   examines the programs of seeds FIRST..END; small programs that fail go into FOLDER
//! tri_testkit show SEED                 prints the program of a seed
//! tri_testkit examine [PLAN]            examines a program on standard input; PLAN is `everything` or `turn:SEED`
//! tri_testkit run FIRST END STEP        examines in this process, and tells each step in a line
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool of the repository")]

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use tri_testkit::{Case, Examiner, Failure, Plan, examine, generated, run, search};

/// Failures after which a search ends.
const ENOUGH: usize = 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match command(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tri_testkit: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match words {
        ["search", first, end, folder] => {
            let examiner = Examiner::new(std::env::current_exe()?);
            let tell = |failure: &Failure| println!("{}", failure.to_file());
            let failures = search(&examiner, first.parse()?..end.parse()?, ENOUGH, &tell)?;
            for failure in &failures {
                std::fs::write(Path::new(folder).join(failure.file_name()), failure.to_file())?;
            }
            Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        ["show", seed] => {
            print!("{}", generated(seed.parse()?).to_file());
            Ok(ExitCode::SUCCESS)
        }
        ["examine"] => examined("everything"),
        ["examine", plan] => examined(plan),
        ["run", first, end, step] => {
            run(first.parse()?, end.parse()?, step.parse()?, &mut |line| println!("{line}"));
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: search FIRST END FOLDER | show SEED | examine [PLAN] | run FIRST END STEP".into()),
    }
}

/// The name of the broken claim in the first line, what was found in the others.
fn examined(plan: &str) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut file = String::new();
    std::io::stdin().read_to_string(&mut file)?;
    let plan: Plan = plan.parse()?;
    match examine(&Case::from_file(&file)?, &plan) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(finding) => {
            println!("{:?}\n{}", finding.claim, finding.details);
            Ok(ExitCode::FAILURE)
        }
    }
}
