//! The `triton` command: parses the command line, runs one command, turns its end into an exit code.

mod args;
mod checked;
mod colour;
mod commands;
mod configuration;
mod diagnostics;
mod diff;
mod failure;
mod fixing;
mod flame;
mod model;
mod next_step;
mod output;
mod pages;
mod program;
mod progress;
mod remote;
mod report;
mod routing;
mod source_files;
mod steps;
mod table;
mod timing;
mod values;

use std::panic;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Parser;

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// A compiler makes many small things, from all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of stack for a command.
const STACK: usize = 256 << 20;

/// Where the last panic happened.
static PANIC_PLACE: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    // Panics are reported below, as any other end of a command; the hook would print a trace.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        *PANIC_PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
    // Programs may nest as deeply as the parser admits, so the stack does not depend on the system's choice.
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(command);
    let failure = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(end)) => return end,
        Ok(Err(payload)) => Failure::Internal(panic_text(&*payload)),
        Err(error) => Failure::coded("E5003", format!("a thread cannot be started: {error}")),
    };
    failure.print(Cli::parse().format);
    failure.exit_code()
}

/// Runs what the command line asks for, on a thread that begins here: each thread that allocates has memory of its own to be cleared.
fn command() -> ExitCode {
    let cli = Cli::parse();
    colour::choose(cli.colour);
    match dispatch(&cli) {
        Ok(()) if output::is_lost() => ExitCode::FAILURE,
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(cli.format);
            failure.exit_code()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::New(args) => commands::new::run(args, cli.format),
        Command::Check(args) => commands::check::run(args, cli.format),
        Command::Fmt(args) => commands::fmt::run(args, cli.format),
        Command::Compile(args) => commands::compile::run(args, cli.format),
        Command::Run(args) => commands::run::run(args, cli.format),
        Command::Profile(args) => commands::profile::run(args, cli.format),
        Command::Diff(args) => commands::diff::run(args, cli.format),
        Command::Report(args) => commands::report::run(args, cli.format),
        Command::Test(args) => commands::test::run(args, cli.format),
        Command::Verify(args) => commands::verify::run(args, cli.format),
        Command::Inspect(args) => commands::inspect::run(args, cli.format),
        Command::ExplainKernels(args) => commands::explain_kernels::run(args, cli.format),
        Command::Graph(args) => commands::graph::run(args, cli.format),
        Command::Lsp => commands::lsp::run(),
        Command::Cache(args) => commands::cache::run(args, cli.format),
        Command::Doc(args) => commands::doc::run(args, cli.format),
        Command::BenchKernels(args) => commands::bench_kernels::run(args, cli.format),
        Command::Explain(args) => commands::explain::run(args, cli.format),
    }
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = PANIC_PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    format!("{} ({place})", text.unwrap_or("a panic without message"))
}
