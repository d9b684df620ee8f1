//! `triton cache stat|clear|gc|verify`: looks after the cache of compilations.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tri_cache::{Cache, Collected, DEFAULT_LIMIT, Stat, default_folder};
use tri_driver::Timing;

use crate::args::{CacheArgs, CacheCommand, CacheFolderArgs, Format};
use crate::configuration::{self, RemoteChoice};
use crate::failure::Failure;
use crate::output;
use crate::remote;
use crate::table::{Table, bytes_text};

/// The cache that the command line and the platform name; none where there is no home.
pub(crate) fn of(args: &CacheFolderArgs) -> Option<Cache> {
    let folder = args.cache_dir.clone().or_else(default_folder)?;
    Some(Cache::new(folder, DEFAULT_LIMIT))
}

/// Looks after it.
pub(crate) fn run(args: &CacheArgs, format: Format) -> Result<(), Failure> {
    let cache = of(&args.folder).ok_or_else(|| {
        Failure::error(
            "no folder for a cache: name one with `--cache-dir`, since there is no home".to_owned(),
        )
    })?;
    match args.command {
        CacheCommand::Stat => return stat(&cache, format),
        CacheCommand::Clear => collected(cache.clear(), format),
        CacheCommand::Gc { limit } => collected(cache.collect(limit.saturating_mul(1 << 20)), format),
        CacheCommand::Verify => return verify(&cache, format),
    }
    Ok(())
}

/// A remote cache that is chosen.
struct RemoteStat {
    choice: RemoteChoice,
    /// How long it took to answer, or why it did not.
    answer: Result<Duration, String>,
}

/// Asks the remote cache that is chosen here for an answer.
fn remote_stat() -> Result<Option<RemoteStat>, Failure> {
    let Some(choice) = configuration::remote_of(Path::new("."))? else { return Ok(None) };
    let Some(remote) = remote::open(&choice)? else { return Ok(None) };
    let start = Instant::now();
    let answer = remote.reach().map(|()| start.elapsed());
    Ok(Some(RemoteStat { choice, answer }))
}

fn stat(cache: &Cache, format: Format) -> Result<(), Failure> {
    let stats = cache.stat();
    let remote = remote_stat()?;
    let bytes: u64 = stats.iter().map(|stat| stat.bytes).sum();
    if format == Format::Json {
        let kinds: Vec<_> = stats.iter().map(stat_json).collect();
        output::json(&json!({
            "folder": cache.folder().display().to_string(),
            "limit": cache.limit(),
            "bytes": bytes,
            "kinds": kinds,
            "remote": remote.as_ref().map(remote_json),
        }));
        return Ok(());
    }
    let mut table = Table::new(&["kind", " entries", " size"]);
    for stat in stats {
        table.row([stat.kind.name().to_owned(), stat.entries.to_string(), bytes_text(stat.bytes)]);
    }
    let (folder, limit) = (cache.folder().display(), bytes_text(cache.limit()));
    output::result(format_args!("{table}{} of {limit} in {folder}\n", bytes_text(bytes)));
    if let Some(RemoteStat { choice, answer }) = remote {
        let answer = match answer {
            Ok(time) => format!("answers in {:.1} ms", 1e3 * time.as_secs_f64()),
            Err(reason) => format!("does not answer: {reason}"),
        };
        let (address, mode, place) = (&choice.address, choice.mode.name(), &choice.place);
        output::result(format_args!("remote cache {address} ({mode}, by {place}) {answer}\n"));
    }
    Ok(())
}

fn remote_json(remote: &RemoteStat) -> serde_json::Value {
    json!({
        "address": remote.choice.address,
        "mode": remote.choice.mode.name(),
        "chosen_by": remote.choice.place,
        "seconds": remote.answer.as_ref().ok().map(Duration::as_secs_f64),
        "failure": remote.answer.as_ref().err(),
    })
}

fn stat_json(stat: &Stat) -> serde_json::Value {
    json!({ "kind": stat.kind.name(), "entries": stat.entries, "bytes": stat.bytes })
}

fn collected(collected: Collected, format: Format) {
    if format == Format::Json {
        output::json(&json!({ "files": collected.files, "bytes": collected.bytes }));
    } else {
        output::result(format_args!("removed {} files, {}\n", collected.files, bytes_text(collected.bytes)));
    }
}

fn verify(cache: &Cache, format: Format) -> Result<(), Failure> {
    let (right, wrong) = tri_driver::verify_cache(cache, &mut Timing::default());
    if format == Format::Json {
        let wrong: Vec<_> =
            wrong.iter().map(|(entry, reason)| json!({ "entry": entry, "reason": reason })).collect();
        output::json(&json!({ "right": right, "wrong": wrong }));
    } else {
        for (entry, reason) in &wrong {
            output::result(format_args!("wrong    {entry}: {reason}\n"));
        }
        output::result(format_args!(
            "{right} artifacts are what their tensor IR compiles to, {} are not\n",
            wrong.len()
        ));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Told) }
}
