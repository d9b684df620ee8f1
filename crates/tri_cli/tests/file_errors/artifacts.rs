//! Artifacts that are wrong in one way each, made from a good one.

use tri_artifact::{Artifact, ArtifactWriter, Golden, SecretKey};

use crate::folder::Folder;

/// Offset of the section table, and bytes of an entry (`docs/artifact.md`).
const TABLE: usize = 64;
const ENTRY: usize = 96;

/// The key that signs.
pub(crate) fn signer() -> SecretKey {
    SecretKey::from_bytes([1; 32])
}

/// A key that nothing here is signed with.
pub(crate) fn stranger() -> SecretKey {
    SecretKey::from_bytes([2; 32])
}

/// Writes them beside `small.tria`.
pub(crate) fn write(folder: &Folder) {
    let good = folder.read("small.tria");
    let damaged = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let mut later = good.clone();
    later[8] = 2;
    folder.write("later.tria", &later);
    folder.write("short.tria", &good[..good.len() - 7]);
    folder.write("longer.tria", &[good.as_slice(), &[0]].concat());
    folder.write("nothing.tria", &[]);
    folder.write("table.tria", &damaged(TABLE + 6));
    folder.write("damaged.tria", &damaged(section(folder, "weights")));
    folder.write("parts.tria", &rehashed(damaged(section(folder, "tensor-ir"))));
    write_promises(folder);
}

/// Artifacts that are well made, and do not hold what they promise.
fn write_promises(folder: &Folder) {
    let signed = rewritten(folder, |_, writer| {
        writer.sign(&signer());
    });
    folder.write("signed.tria", &signed);
    let mut forged = signed;
    let last = forged.len() - 1;
    forged[last] ^= 1;
    folder.write("forged.tria", &rehashed(forged));
    let code = rewritten(folder, |artifact, writer| {
        writer.code(artifact.code_targets().next().unwrap(), vec![0xc3; 16]).unwrap();
    });
    folder.write("code.tria", &code);
    let golden = rewritten(folder, |artifact, writer| {
        let mut golden: Golden = artifact.golden().unwrap();
        golden.calls[0].outputs[0].bytes[0] ^= 1;
        writer.golden(&golden).unwrap();
    });
    folder.write("golden.tria", &golden);
}

/// Offset of a section of `small.tria`.
pub(crate) fn section(folder: &Folder, name: &str) -> usize {
    let artifact = Artifact::open(&folder.path("small.tria")).unwrap();
    let section = artifact.sections().iter().find(|section| section.name() == name);
    section.unwrap().offset as usize
}

/// The file with hashes of what it holds.
fn rehashed(mut bytes: Vec<u8>) -> Vec<u8> {
    let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    for entry in (0..count).map(|index| TABLE + ENTRY * index) {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let (offset, length) = (number(entry + 40), number(entry + 48));
        let hash = *blake3::hash(&bytes[offset..offset + length]).as_bytes();
        bytes[entry + 64..entry + 96].copy_from_slice(&hash);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..32]).update(&bytes[TABLE..TABLE + ENTRY * count]);
    let hash = *hasher.finalize().as_bytes();
    bytes[32..64].copy_from_slice(&hash);
    bytes
}

/// Program and weights of `small.tria` in an artifact that `change` adds to.
fn rewritten(folder: &Folder, change: impl FnOnce(&Artifact, &mut ArtifactWriter)) -> Vec<u8> {
    let artifact = Artifact::open(&folder.path("small.tria")).unwrap();
    let module = artifact.module().unwrap();
    let mut writer = ArtifactWriter::new(&module, artifact.manifest().build.clone()).unwrap();
    let weights: Vec<&[u8]> = artifact.weights().unwrap().map(|(_, bytes)| bytes).collect();
    writer.weights(&weights).unwrap();
    change(&artifact, &mut writer);
    writer.to_bytes().unwrap()
}
