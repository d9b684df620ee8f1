//! Writes artifacts. The same contents give the same bytes, whenever and wherever they are written.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use tri_ir::Module;

use crate::layout::{self, Planned};
use crate::mapping::Scratch;
use crate::{
    ArtifactError, Build, Golden, Interface, Manifest, SecretKey, Section, SectionKind, WeightInfo, signature,
};

/// The sections of an artifact under construction.
#[derive(Debug)]
pub struct ArtifactWriter {
    manifest: Manifest,
    sections: Vec<Contents>,
    key: Option<SecretKey>,
}

#[derive(Debug)]
struct Contents {
    kind: SectionKind,
    target: String,
    bytes: Bytes,
}

/// The bytes of a section, in memory or in a file.
#[derive(Debug)]
enum Bytes {
    Owned(Vec<u8>),
    Scratch(Scratch),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Owned(bytes) => bytes,
            Bytes::Scratch(scratch) => scratch.as_slice(),
        }
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Bytes::Owned(bytes) => bytes,
            Bytes::Scratch(scratch) => scratch.as_mut_slice(),
        }
    }
}

fn encode<T: Serialize>(section: &'static str, value: &T) -> Result<Vec<u8>, ArtifactError> {
    postcard::to_stdvec(value)
        .map_err(|error| ArtifactError::Malformed { section, reason: error.to_string() })
}

/// Writes the bytes of an artifact to the file at `path`: all of them or nothing, replacing what was there.
///
/// # Errors
/// The system refuses; the file that was there is untouched.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), ArtifactError> {
    replace(path, |out, name| {
        out.write_all(bytes).map_err(|source| ArtifactError::Write {
            action: "write",
            path: name.to_owned(),
            source,
        })
    })
}

fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write, &str) -> Result<(), ArtifactError>,
) -> Result<(), ArtifactError> {
    let name = path.display().to_string();
    let failed = |action, source| ArtifactError::Write { action, path: name.clone(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A device would be replaced by a file.
        return Err(failed("replace", io::Error::other("it is not a regular file")));
    }
    // Asked first, because what `tempfile` says of a missing folder names a file that nobody knows.
    folder.metadata().map_err(|error| failed("write into the folder of", error))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tria-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file =
        builder.tempfile_in(folder).map_err(|error| failed("create a file beside", error.kind().into()))?;
    let mut buffered = io::BufWriter::new(file);
    write(&mut buffered, &name)?;
    let file = buffered.into_inner().map_err(|error| failed("write", error.into_error()))?;
    // Not synced, as a compiler's output never is: a process that is killed leaves the file before or this one, whole; what a crash of the
    // whole system tore is refused when it is read, by its hashes.
    file.persist(path).map_err(|error| failed("replace", error.error))?;
    Ok(())
}

impl ArtifactWriter {
    /// An artifact of a module that [`tri_ir::verify`] accepts: manifest and tensor IR.
    ///
    /// # Errors
    /// A tensor whose size no file can hold.
    pub fn new(module: &Module, build: Build) -> Result<Self, ArtifactError> {
        let manifest = Manifest { build, interface: Interface::of(module)? };
        let contents =
            |kind: SectionKind, bytes| Contents { kind, target: String::new(), bytes: Bytes::Owned(bytes) };
        let sections = vec![
            contents(SectionKind::Manifest, encode("manifest", &manifest)?),
            contents(SectionKind::TensorIr, encode("tensor-ir", module)?),
        ];
        Ok(ArtifactWriter { manifest, sections, key: None })
    }

    /// Adds the weights that [`Interface::weights`] lists, in its order, each in its encoding.
    ///
    /// # Errors
    /// Another number of tensors or of bytes than the manifest says.
    pub fn weights(&mut self, weights: &[&[u8]]) -> Result<&mut Self, ArtifactError> {
        let mut section = vec![0; self.weight_bytes() as usize];
        fill(&self.manifest.interface.weights, weights, &mut section)?;
        self.put(SectionKind::Weights, String::new(), Bytes::Owned(section))
    }

    /// [`ArtifactWriter::weights`] that are written once, where they stay until the artifact is. With a `folder` that is a file without a name on
    /// its disk, so that they need no memory that the system could not have back.
    ///
    /// # Errors
    /// There is no room on disk, or what `write` gives, which is handed a place for each tensor, all zero.
    pub fn write_weights<E: From<ArtifactError>>(
        &mut self,
        folder: Option<&Path>,
        write: impl FnOnce(&mut [&mut [u8]]) -> Result<(), E>,
    ) -> Result<&mut Self, E> {
        let length = self.weight_bytes();
        let mut section = match folder {
            Some(folder) if length > 0 => {
                Bytes::Scratch(Scratch::zeroed(folder, length).map_err(|source| ArtifactError::Write {
                    action: "keep weights in the folder",
                    path: folder.display().to_string(),
                    source,
                })?)
            }
            _ => Bytes::Owned(vec![0; length as usize]),
        };
        write(&mut places(&self.manifest.interface.weights, section.as_mut_slice()))?;
        Ok(self.put(SectionKind::Weights, String::new(), section)?)
    }

    /// Bytes of the weights section.
    pub fn weight_bytes(&self) -> u64 {
        self.manifest.interface.weights.last().map_or(0, |last| last.offset + last.length)
    }

    /// Adds machine code for a target: ASCII letters, digits, `_`, `-`, `.`, at most 32 of them.
    ///
    /// # Errors
    /// Another name, or a target added before.
    pub fn code(&mut self, target: &str, bytes: Vec<u8>) -> Result<&mut Self, ArtifactError> {
        if target.is_empty() || !layout::is_target(target) {
            return Err(ArtifactError::Target { index: self.sections.len() });
        }
        self.put(SectionKind::Code, target.to_owned(), Bytes::Owned(bytes))
    }

    /// Adds kernels for a family of GPUs, such as `sm_90`.
    ///
    /// # Errors
    /// As [`ArtifactWriter::code`].
    pub fn gpu_code(&mut self, target: &str, bytes: Vec<u8>) -> Result<&mut Self, ArtifactError> {
        if target.is_empty() || !layout::is_target(target) {
            return Err(ArtifactError::Target { index: self.sections.len() });
        }
        self.put(SectionKind::Gpu, target.to_owned(), Bytes::Owned(bytes))
    }

    /// Adds golden calls.
    ///
    /// # Errors
    /// Golden calls were added before.
    pub fn golden(&mut self, golden: &Golden) -> Result<&mut Self, ArtifactError> {
        self.put(SectionKind::Golden, String::new(), Bytes::Owned(encode("golden", golden)?))
    }

    /// Signs what is written.
    pub fn sign(&mut self, key: &SecretKey) -> &mut Self {
        self.key = Some(key.clone());
        self
    }

    /// The manifest that is written.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn put(&mut self, kind: SectionKind, target: String, bytes: Bytes) -> Result<&mut Self, ArtifactError> {
        if self.sections.iter().any(|other| other.kind == kind && other.target == target) {
            return Err(ArtifactError::Duplicate { section: kind.name().to_owned() });
        }
        self.sections.push(Contents { kind, target, bytes });
        self.sections.sort_by(|a, b| (a.kind, &a.target).cmp(&(b.kind, &b.target)));
        Ok(self)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// Too many sections.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        let contents: usize = self.sections.iter().map(|section| section.bytes.as_slice().len()).sum();
        // The header and the padding between sections are a few pages.
        let mut bytes = Vec::with_capacity(contents + contents / 16 + (64 << 10));
        self.stream(&mut bytes, "")?;
        Ok(bytes)
    }

    /// Writes the file at `path`: all of it or nothing, replacing what was there.
    ///
    /// # Errors
    /// The system refuses; the file that was there is untouched.
    pub fn write(&self, path: &Path) -> Result<(), ArtifactError> {
        replace(path, |out, name| self.stream(out, name))
    }

    fn stream(&self, out: &mut dyn Write, path: &str) -> Result<(), ArtifactError> {
        let io = |source| ArtifactError::Write { action: "write", path: path.to_owned(), source };
        let (sections, signature) = self.plan()?;
        let header = layout::encode(&sections);
        out.write_all(&header).map_err(io)?;
        let mut at = header.len() as u64;
        let contents = self.sections.iter().map(|section| section.bytes.as_slice());
        for (section, bytes) in sections.iter().zip(contents.chain(signature.as_deref())) {
            // Padding is shorter than an alignment.
            out.write_all(&vec![0; (section.offset - at) as usize]).map_err(io)?;
            out.write_all(bytes).map_err(io)?;
            at = section.offset + section.length;
        }
        out.flush().map_err(io)
    }

    /// The table, and the contents of the signature section if there is one.
    fn plan(&self) -> Result<(Vec<Section>, Option<Vec<u8>>), ArtifactError> {
        let mut planned: Vec<Planned> = self
            .sections
            .iter()
            .map(|section| Planned {
                kind: section.kind,
                target: section.target.clone(),
                length: section.bytes.as_slice().len() as u64,
                hash: *blake3::hash(section.bytes.as_slice()).as_bytes(),
            })
            .collect();
        if self.key.is_some() {
            // The entry's place in the table moves the other sections, so it is there before they are signed.
            planned.push(Planned {
                kind: SectionKind::Signature,
                target: String::new(),
                length: signature::SIGNATURE_BYTES as u64,
                hash: [0; 32],
            });
        }
        let too_many =
            || ArtifactError::Header { field: "section count", offset: 12, found: planned.len() as u64 };
        if planned.len() > layout::MAX_SECTIONS as usize {
            return Err(too_many());
        }
        let mut sections = layout::place(&planned).ok_or_else(too_many)?;
        let signature = self.key.as_ref().map(|key| signature::sign(&sections, key).to_vec());
        if let (Some(last), Some(signature)) = (sections.last_mut(), &signature) {
            last.hash = *blake3::hash(signature).as_bytes();
        }
        Ok((sections, signature))
    }
}

/// Copies weights to their places in the section.
fn fill(expected: &[WeightInfo], weights: &[&[u8]], section: &mut [u8]) -> Result<(), ArtifactError> {
    if expected.len() != weights.len() {
        return Err(ArtifactError::WeightCount { expected: expected.len(), found: weights.len() });
    }
    for ((info, bytes), place) in expected.iter().zip(weights).zip(places(expected, section)) {
        if info.length != bytes.len() as u64 {
            return Err(ArtifactError::Weight {
                name: info.tensor.name.clone(),
                expected: info.length,
                found: bytes.len() as u64,
            });
        }
        place.copy_from_slice(bytes);
    }
    Ok(())
}

/// The place of each weight in the section, which is as long as they say.
fn places<'a>(weights: &[WeightInfo], section: &'a mut [u8]) -> Vec<&'a mut [u8]> {
    let (mut rest, mut end) = (section, 0);
    let mut places = Vec::with_capacity(weights.len());
    for info in weights {
        let (_, from) = rest.split_at_mut((info.offset - end) as usize);
        let (place, after) = from.split_at_mut(info.length as usize);
        places.push(place);
        rest = after;
        end = info.offset + info.length;
    }
    places
}
