//! Opens artifacts.

use std::fs::File;
use std::path::Path;

use serde::de::DeserializeOwned;
use tri_ir::{Module, TensorData};

use crate::{
    ArtifactError, Golden, Manifest, MappedFile, PublicKey, Section, SectionKind, WeightInfo, layout,
    signature,
};

/// Longest tensor IR section that is decoded.
pub const MAX_IR_BYTES: u64 = 1 << 30;

/// A file whose header, table, layout and manifest are valid.
#[derive(Debug)]
pub struct Artifact {
    bytes: Storage,
    sections: Vec<Section>,
    manifest: Manifest,
}

#[derive(Debug)]
enum Storage {
    Mapped(MappedFile),
    Owned(Vec<u8>),
}

impl Storage {
    fn as_slice(&self) -> &[u8] {
        match self {
            Storage::Mapped(map) => map,
            Storage::Owned(bytes) => bytes,
        }
    }
}

impl Artifact {
    /// Maps a file. The file must not be changed while the artifact lives; replacing it (as
    /// [`ArtifactWriter::write`](crate::ArtifactWriter::write) does) is no change.
    ///
    /// # Errors
    /// The system refuses, or the file is no valid artifact.
    pub fn open(path: &Path) -> Result<Artifact, ArtifactError> {
        let io = |source| ArtifactError::Open { path: path.display().to_string(), source };
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(io(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
        }
        Artifact::new(Storage::Mapped(MappedFile::of(&file).map_err(io)?))
    }

    /// Takes the bytes of a whole file.
    ///
    /// # Errors
    /// They are no valid artifact.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Artifact, ArtifactError> {
        Artifact::new(Storage::Owned(bytes))
    }

    fn new(bytes: Storage) -> Result<Artifact, ArtifactError> {
        let sections = layout::decode(bytes.as_slice())?;
        let find = |kind: SectionKind| sections.iter().find(|section| section.kind == Some(kind));
        for kind in [SectionKind::Manifest, SectionKind::TensorIr] {
            find(kind).ok_or(ArtifactError::Missing { section: kind.name() })?;
        }
        let manifest = find(SectionKind::Manifest)
            .ok_or(ArtifactError::Missing { section: SectionKind::Manifest.name() })?;
        let manifest: Manifest = decode("manifest", checked(bytes.as_slice(), manifest)?)?;
        let artifact = Artifact { bytes, sections, manifest };
        artifact.check_weights()?;
        Ok(artifact)
    }

    /// Weights tile their section, and have as many bytes as their types say.
    fn check_weights(&self) -> Result<(), ArtifactError> {
        let Some(section) = self.section(SectionKind::Weights) else { return Ok(()) };
        let mut end = 0u64;
        for weight in &self.manifest.interface.weights {
            let name = || weight.tensor.name.clone();
            let shape: Option<Vec<u64>> = weight.tensor.shape.iter().map(|axis| axis.size).collect();
            let expected = shape
                .and_then(|shape| crate::encoded_bytes(weight.tensor.dtype, weight.tensor.encoding, &shape))
                .ok_or_else(|| ArtifactError::Size { name: name() })?;
            let offset = end.checked_next_multiple_of(64);
            if expected != weight.length || offset != Some(weight.offset) {
                return Err(ArtifactError::Weight { name: name(), expected, found: weight.length });
            }
            end = weight
                .offset
                .checked_add(weight.length)
                .filter(|end| *end <= section.length)
                .ok_or_else(|| ArtifactError::Weight { name: name(), expected, found: section.length })?;
        }
        if end != section.length {
            let reason = format!("its weights end at byte {end} of {}", section.length);
            return Err(ArtifactError::Malformed { section: SectionKind::Weights.name(), reason });
        }
        Ok(())
    }

    /// What the model looks like from outside.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// All sections, in file order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Size of the file in bytes.
    pub fn length(&self) -> u64 {
        self.bytes.as_slice().len() as u64
    }

    fn section(&self, kind: SectionKind) -> Option<&Section> {
        self.sections.iter().find(|section| section.kind == Some(kind))
    }

    fn contents(&self, section: &Section) -> Result<&[u8], ArtifactError> {
        checked(self.bytes.as_slice(), section)
    }

    /// The portable program, whose hash is checked. It is still to be handed to [`tri_ir::verify`].
    ///
    /// # Errors
    /// The section is damaged, too long or does not decode.
    pub fn module(&self) -> Result<Module, ArtifactError> {
        let name = SectionKind::TensorIr.name();
        let section = self.section(SectionKind::TensorIr).ok_or(ArtifactError::Missing { section: name })?;
        if section.length > MAX_IR_BYTES {
            let reason = format!("it is longer than {MAX_IR_BYTES} bytes");
            return Err(ArtifactError::Malformed { section: name, reason });
        }
        decode(name, self.contents(section)?)
    }

    /// Whether it holds weights.
    pub fn has_weights(&self) -> bool {
        self.section(SectionKind::Weights).is_some()
    }

    /// The weights as mapped, in the manifest's order; `None` in a code-only artifact. Their hash is not checked here.
    pub fn weights(&self) -> Option<impl Iterator<Item = (&WeightInfo, &[u8])>> {
        let section = self.section(SectionKind::Weights)?;
        let bytes = range(self.bytes.as_slice(), section);
        // `check_weights` held these ranges to the section.
        let part = |info: &WeightInfo| &bytes[info.offset as usize..(info.offset + info.length) as usize];
        Some(self.manifest.interface.weights.iter().map(move |info| (info, part(info))))
    }

    /// Checks the hash of the weights, all of which are read, and that what lies between them is zero.
    ///
    /// # Errors
    /// They are damaged.
    pub fn verify_weights(&self) -> Result<(), ArtifactError> {
        let Some(section) = self.section(SectionKind::Weights) else { return Ok(()) };
        let bytes = self.contents(section)?;
        let mut end = 0;
        for weight in &self.manifest.interface.weights {
            let padding = &bytes[end as usize..weight.offset as usize];
            zero(padding, section.offset + end)?;
            end = weight.offset + weight.length;
        }
        Ok(())
    }

    /// Targets that it holds machine code for.
    pub fn code_targets(&self) -> impl Iterator<Item = &str> {
        let code = self.sections.iter().filter(|section| section.kind == Some(SectionKind::Code));
        code.map(|section| section.target.as_str())
    }

    /// Machine code for a target, whose hash is checked. Whether to trust it is the caller's question.
    ///
    /// # Errors
    /// The section is damaged.
    pub fn code(&self, target: &str) -> Result<Option<&[u8]>, ArtifactError> {
        let is_it = |section: &&Section| section.kind == Some(SectionKind::Code) && section.target == target;
        self.sections.iter().find(is_it).map(|section| self.contents(section)).transpose()
    }

    /// Families of GPUs that there are kernels for.
    pub fn gpu_targets(&self) -> impl Iterator<Item = &str> {
        let code = self.sections.iter().filter(|section| section.kind == Some(SectionKind::Gpu));
        code.map(|section| section.target.as_str())
    }

    /// Kernels for a family of GPUs, whose hash is checked. Whether to trust them is the caller's question.
    ///
    /// # Errors
    /// The section is damaged.
    pub fn gpu_code(&self, target: &str) -> Result<Option<&[u8]>, ArtifactError> {
        let is_it = |section: &&Section| section.kind == Some(SectionKind::Gpu) && section.target == target;
        self.sections.iter().find(is_it).map(|section| self.contents(section)).transpose()
    }

    /// The golden calls, whose hash is checked; none if there is no such section.
    ///
    /// # Errors
    /// The section is damaged or does not decode, or a tensor does not fit its shape.
    pub fn golden(&self) -> Result<Golden, ArtifactError> {
        let Some(section) = self.section(SectionKind::Golden) else { return Ok(Golden::default()) };
        let name = SectionKind::Golden.name();
        let golden: Golden = decode(name, self.contents(section)?)?;
        for tensor in golden.calls.iter().flat_map(|call| call.inputs.iter().chain(&call.outputs)) {
            if !fits(tensor) {
                let reason = "a tensor does not fit its shape".to_owned();
                return Err(ArtifactError::Malformed { section: name, reason });
            }
        }
        Ok(golden)
    }

    /// Who signed it, if the signature holds and is by one of `trusted`. It vouches for the table, hence for every section
    /// whose hash is checked.
    ///
    /// # Errors
    /// There is no signature, it does not hold, or somebody else signed.
    pub fn verify_signature(&self, trusted: &[PublicKey]) -> Result<PublicKey, ArtifactError> {
        let section = self.section(SectionKind::Signature).ok_or(ArtifactError::NotSigned)?;
        signature::verify(&self.sections, self.contents(section)?, trusted)
    }

    /// Checks every byte: the hash of every section, and that all padding is zero.
    ///
    /// # Errors
    /// The first damage found.
    pub fn verify_all(&self) -> Result<(), ArtifactError> {
        let bytes = self.bytes.as_slice();
        let mut end = layout::HEADER_BYTES + self.sections.len() * layout::ENTRY_BYTES;
        for section in &self.sections {
            zero(&bytes[end..section.offset as usize], end as u64)?;
            self.contents(section)?;
            end = (section.offset + section.length) as usize;
        }
        self.verify_weights()
    }
}

/// Bytes of a section; the layout is valid, so they are in the file.
fn range<'a>(bytes: &'a [u8], section: &Section) -> &'a [u8] {
    &bytes[section.offset as usize..(section.offset + section.length) as usize]
}

/// Bytes of a section with the hash that the table states.
fn checked<'a>(bytes: &'a [u8], section: &Section) -> Result<&'a [u8], ArtifactError> {
    let contents = range(bytes, section);
    if *blake3::hash(contents).as_bytes() == section.hash {
        Ok(contents)
    } else {
        Err(ArtifactError::SectionHash { section: section.name(), offset: section.offset })
    }
}

fn zero(bytes: &[u8], offset: u64) -> Result<(), ArtifactError> {
    match bytes.iter().position(|byte| *byte != 0) {
        Some(at) => Err(ArtifactError::Padding { offset: offset + at as u64 }),
        None => Ok(()),
    }
}

fn fits(tensor: &TensorData) -> bool {
    let elements = tensor.shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
    elements.and_then(|n| n.checked_mul(tensor.dtype.bytes())) == Some(tensor.bytes.len())
}

/// Decodes a whole section. Memory grows with bytes read, never with a number in them (serde bounds what it reserves).
fn decode<T: DeserializeOwned>(section: &'static str, bytes: &[u8]) -> Result<T, ArtifactError> {
    let malformed = |reason: String| ArtifactError::Malformed { section, reason };
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(malformed(format!("{} bytes follow its contents", rest.len()))),
        Err(error) => Err(malformed(error.to_string())),
    }
}
