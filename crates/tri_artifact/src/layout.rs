//! Header and section table: the bytes, and the rules that make one layout valid for given sections.
//!
//! A file has exactly one valid layout for its list of sections (each begins at the first multiple of its alignment after
//! its predecessor's end), so overlaps, gaps, reversed and reused ranges are all the same error.

use crate::{ArtifactError, Section, SectionKind};

/// The first bytes. Not text, and changed by transfers that change line ends.
pub const MAGIC: [u8; 8] = *b"\x89TRIA\r\n\x1a";
/// Format version; a reader refuses a later one.
pub const MAJOR: u16 = 1;
/// Additions that a reader may ignore.
pub const MINOR: u16 = 0;
/// Size of the header.
pub const HEADER_BYTES: usize = 64;
/// Size of a table entry.
pub const ENTRY_BYTES: usize = 96;
/// Most sections of a file.
pub const MAX_SECTIONS: u32 = 256;

/// The header's bytes before the hash.
const HASHED_HEADER: usize = 32;
const TARGET_BYTES: usize = 32;
/// A reader that does not know the kind must refuse the file.
const MANDATORY: u32 = 1;

/// Table entry as the writer lays it out: kind, target, length, hash.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) kind: SectionKind,
    pub(crate) target: String,
    pub(crate) length: u64,
    pub(crate) hash: [u8; 32],
}

/// First multiple of `alignment`, a power of two, that is not below `at`.
fn align(at: u64, alignment: u64) -> Option<u64> {
    Some(at.checked_add(alignment - 1)? & !(alignment - 1))
}

fn table_end(sections: u64) -> u64 {
    HEADER_BYTES as u64 + sections * ENTRY_BYTES as u64
}

/// blake3 of what identifies the table: the header before its hash, then all entries.
fn table_hash(header: &[u8], table: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header[..HASHED_HEADER]);
    hasher.update(table);
    *hasher.finalize().as_bytes()
}

/// Places sections one after another.
pub(crate) fn place(planned: &[Planned]) -> Option<Vec<Section>> {
    let mut end = table_end(planned.len() as u64);
    let mut sections = Vec::with_capacity(planned.len());
    for planned in planned {
        let offset = align(end, planned.kind.alignment())?;
        end = offset.checked_add(planned.length)?;
        sections.push(Section {
            kind: Some(planned.kind),
            number: planned.kind.number(),
            mandatory: true,
            target: planned.target.clone(),
            offset,
            length: planned.length,
            alignment: planned.kind.alignment(),
            hash: planned.hash,
        });
    }
    Some(sections)
}

/// The entry of a section.
pub(crate) fn encode_entry(section: &Section) -> [u8; ENTRY_BYTES] {
    let mut entry = [0; ENTRY_BYTES];
    entry[0..4].copy_from_slice(&section.number.to_le_bytes());
    entry[4..8].copy_from_slice(&u32::from(section.mandatory).to_le_bytes());
    entry[8..8 + section.target.len()].copy_from_slice(section.target.as_bytes());
    entry[40..48].copy_from_slice(&section.offset.to_le_bytes());
    entry[48..56].copy_from_slice(&section.length.to_le_bytes());
    entry[56..64].copy_from_slice(&section.alignment.to_le_bytes());
    entry[64..96].copy_from_slice(&section.hash);
    entry
}

/// Header and table of a file of these sections.
pub(crate) fn encode(sections: &[Section]) -> Vec<u8> {
    let table: Vec<u8> = sections.iter().flat_map(encode_entry).collect();
    let length = sections.last().map_or(table_end(0), |last| last.offset + last.length);
    let mut header = Vec::with_capacity(HEADER_BYTES + table.len());
    header.extend(MAGIC);
    header.extend(MAJOR.to_le_bytes());
    header.extend(MINOR.to_le_bytes());
    header.extend((sections.len() as u32).to_le_bytes());
    header.extend(length.to_le_bytes());
    header.extend([0; 8]);
    let hash = table_hash(&header, &table);
    header.extend(hash);
    header.extend(table);
    header
}

/// Whether a target's name fits the table: ASCII letters, digits, `_`, `-`, `.`.
pub(crate) fn is_target(name: &str) -> bool {
    name.len() <= TARGET_BYTES
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

/// Reads header and table of a whole file and holds them to every rule.
pub(crate) fn decode(file: &[u8]) -> Result<Vec<Section>, ArtifactError> {
    let found = file.len() as u64;
    if file.len() < HEADER_BYTES {
        let known = file.len().min(MAGIC.len());
        return Err(if file[..known] == MAGIC[..known] {
            ArtifactError::Length { expected: HEADER_BYTES as u64, found }
        } else {
            ArtifactError::Magic
        });
    }
    let (header, rest) = file.split_at(HEADER_BYTES);
    if header[..8] != MAGIC {
        return Err(ArtifactError::Magic);
    }
    let major = u16_at(header, 8);
    match major {
        0 => return Err(ArtifactError::Header { field: "major version", offset: 8, found: 0 }),
        1..=MAJOR => {}
        _ => return Err(ArtifactError::Version { found: major, known: MAJOR }),
    }
    let count = u32_at(header, 12);
    if count == 0 || count > MAX_SECTIONS {
        return Err(ArtifactError::Header { field: "section count", offset: 12, found: u64::from(count) });
    }
    let length = u64_at(header, 16);
    if length != found {
        return Err(ArtifactError::Length { expected: length, found });
    }
    let reserved = u64_at(header, 24);
    if reserved != 0 {
        return Err(ArtifactError::Header { field: "reserved", offset: 24, found: reserved });
    }
    let table = rest
        .get(..count as usize * ENTRY_BYTES)
        .ok_or(ArtifactError::Length { expected: table_end(u64::from(count)), found })?;
    if header[HASHED_HEADER..] != table_hash(header, table) {
        return Err(ArtifactError::TableHash);
    }
    decode_table(table, found)
}

fn decode_table(table: &[u8], file_length: u64) -> Result<Vec<Section>, ArtifactError> {
    let mut sections: Vec<Section> = Vec::new();
    let mut end = table_end((table.len() / ENTRY_BYTES) as u64);
    for (index, entry) in table.chunks_exact(ENTRY_BYTES).enumerate() {
        let section = decode_entry(index, entry, end, file_length)?;
        end = section.offset + section.length;
        if sections.iter().any(|other| other.number == section.number && other.target == section.target) {
            return Err(ArtifactError::Duplicate { section: section.name() });
        }
        sections.push(section);
    }
    if end != file_length {
        return Err(ArtifactError::Length { expected: end, found: file_length });
    }
    Ok(sections)
}

/// `end` is where the section before ends.
fn decode_entry(index: usize, entry: &[u8], end: u64, file_length: u64) -> Result<Section, ArtifactError> {
    let number = u32_at(entry, 0);
    let flags = u32_at(entry, 4);
    let kind = SectionKind::from_number(number);
    if kind.is_none() && flags & MANDATORY != 0 {
        return Err(ArtifactError::UnknownSection { index, kind: number });
    }
    let target = &entry[8..8 + TARGET_BYTES];
    let name_bytes = target.iter().position(|byte| *byte == 0).unwrap_or(TARGET_BYTES);
    let name = std::str::from_utf8(&target[..name_bytes]).ok().filter(|name| is_target(name));
    let target = match name {
        Some(name) if target[name_bytes..].iter().all(|byte| *byte == 0) => name.to_owned(),
        _ => return Err(ArtifactError::Target { index }),
    };
    let section = Section {
        kind,
        number,
        mandatory: flags & MANDATORY != 0,
        target,
        offset: u64_at(entry, 40),
        length: u64_at(entry, 48),
        alignment: u64_at(entry, 56),
        hash: std::array::from_fn(|i| entry[64 + i]),
    };
    let wrong = |field, found, expected| {
        Err(ArtifactError::Layout { index, section: section.name(), field, found, expected })
    };
    if flags & !MANDATORY != 0 {
        return wrong("flags", u64::from(flags), u64::from(flags & MANDATORY));
    }
    let alignment = match kind {
        Some(kind) => kind.alignment(),
        None if section.alignment == 4096 => 4096,
        None => 64,
    };
    if section.alignment != alignment {
        return wrong("alignment", section.alignment, alignment);
    }
    match align(end, alignment) {
        Some(begin) if begin == section.offset => {}
        begin => return wrong("offset", section.offset, begin.unwrap_or(u64::MAX)),
    }
    match file_length.checked_sub(section.offset) {
        Some(room) if section.length <= room => Ok(section),
        room => wrong("length", section.length, room.unwrap_or(0)),
    }
}
