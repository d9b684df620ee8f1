//! Artifacts: the same bytes with a cache and without, and what they hold gives the same bits.

use tri_artifact::Artifact;
use tri_cache::Cache;
use tri_driver::{ElaborateError, LARGE_WEIGHTS, Request, Timing};
use tri_passes::OptLevel;
use tri_runtime::{Model, Options, Trust};

use crate::examine::open;
use crate::finding::{Claim, Finding};
use crate::native::run;
use crate::outcome::{Outcome, Subject, difference};

/// Largest cache, in bytes.
const CACHE_LIMIT: u64 = 1 << 28;

/// Compiles without a cache, into an empty one, and from it; and after another program of the same name, which shares functions with
/// this one.
pub(crate) fn hold_artifacts(
    subject: &Subject<'_>,
    expected: &Outcome,
    level: OptLevel,
) -> Result<(), Finding> {
    let fail = |error: std::io::Error| Claim::Artifact.broken(error);
    let folder = tempfile::tempdir().map_err(fail)?;
    let weights = folder.path().join("weights.safetensors");
    tri_import::write_safetensors(&weights, &subject.named_weights())
        .map_err(|error| Claim::Artifact.broken(error))?;
    let request = Request {
        level,
        gpu: None,
        weights: Some(&weights),
        large_weights: LARGE_WEIGHTS,
        folder: folder.path(),
        cache: None,
        remote: None,
    };
    let compile = |text: &str, cache: Option<&Cache>| compile(text, &Request { cache, ..request });
    let text = &subject.case.text;
    let plain = compile(text, None)?;
    if self::compile(text, &Request { large_weights: 0, ..request })? != plain {
        return Err(Claim::SameArtifact.broken(format!("-{level:?}: bound on disk, it is another artifact")));
    }
    let cache = Cache::new(folder.path().join("cache"), CACHE_LIMIT);
    let warm = Cache::new(folder.path().join("warm"), CACHE_LIMIT);
    let edited = format!("{text}\ntest \"another\" {{\n    assert true\n}}\n");
    compile(&edited, Some(&warm))?;
    for (cache, when) in
        [(&cache, "into an empty cache"), (&cache, "from the cache"), (&warm, "after an edit")]
    {
        if compile(text, Some(cache))? != plain {
            return Err(Claim::SameArtifact.broken(format!("-{level:?}: {when}, it is another artifact")));
        }
    }
    hold_contents(subject, expected, &plain)
}

fn compile(text: &str, request: &Request<'_>) -> Result<Vec<u8>, Finding> {
    let program = open(text)?;
    match tri_driver::compile(&program, request, &mut Timing::default()) {
        Ok(mut compiled) => {
            let path = request.folder.join("compiled.tria");
            let written = compiled.write(&path, &mut Timing::default());
            written.map_err(|error| Claim::Artifact.broken(error))?;
            std::fs::read(&path).map_err(|error| Claim::Artifact.broken(error))
        }
        Err(ElaborateError::Driver(error)) => Err(Claim::Artifact.broken(error)),
        Err(ElaborateError::Diagnostics(found)) => Err(Claim::Accepted.broken(format!("{found:?}"))),
    }
}

/// Opens the artifact, with its code and without, repeats its golden calls, and runs the script.
fn hold_contents(subject: &Subject<'_>, expected: &Outcome, bytes: &[u8]) -> Result<(), Finding> {
    for trust in [Trust::Nothing, Trust::Everything] {
        let name = format!("{trust:?}");
        let fail = |error: &dyn std::error::Error| Claim::Artifact.broken(format!("{name}: {error}"));
        let artifact = Artifact::from_bytes(bytes.to_vec()).map_err(|error| fail(&error))?;
        let options = Options { trust, ..Options::default() };
        let model = Model::from_artifact(artifact, &options).map_err(|error| fail(&error))?;
        model.verify_golden().map_err(|error| fail(&error))?;
        let found = run(subject, &model, 2).map_err(|error| fail(&error))?;
        if let Some(text) = difference(subject.case, expected, &found) {
            return Err(Claim::SameBits.broken(format!("the artifact, trusting {name}: {text}")));
        }
    }
    Ok(())
}
