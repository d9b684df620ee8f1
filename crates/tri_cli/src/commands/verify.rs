//! `triton verify F.tria`: whether an artifact is what it claims to be.

use serde_json::json;
use tri_artifact::PublicKey;

use crate::args::{Format, VerifyArgs};
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;

/// Checks it.
pub(crate) fn run(args: &VerifyArgs, format: Format) -> Result<(), Failure> {
    let key = match &args.key {
        Some(text) => Some(PublicKey::from_hex(text).ok_or_else(|| {
            Failure::Usage("`--key` takes the 64 hexadecimal digits of an ed25519 key".to_owned())
        })?),
        None => None,
    };
    let (progress, mut timing) = Progress::start();
    let verification = tri_driver::verify_artifact(&args.file, key, &mut timing);
    progress.finish();
    let verification = verification?;
    if format == Format::Json {
        output::json(&json!({ "held": verification.held, "skipped": verification.skipped }));
        return Ok(());
    }
    for held in &verification.held {
        output::result(format_args!("ok       {held}\n"));
    }
    for skipped in &verification.skipped {
        output::result(format_args!("skipped  {skipped}\n"));
    }
    output::result("verified\n");
    Ok(())
}
