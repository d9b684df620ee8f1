//! Signatures: ed25519 over the entries of all sections but the signature's own.
//!
//! The table holds the hash of every section, so a signature over it vouches for every byte that a reader uses.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::{ArtifactError, Section, SectionKind, layout};

/// Length of the section: public key, signature.
pub(crate) const SIGNATURE_BYTES: usize = 32 + 64;

/// Separates these signatures from all others made with the same key.
const DOMAIN: &[u8] = b"tri artifact signature 1\0";

/// A secret ed25519 key, which signs.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// The key with this seed.
    pub fn from_bytes(seed: [u8; 32]) -> Self {
        SecretKey(seed)
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey(SigningKey::from_bytes(&self.0).verifying_key().to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A public ed25519 key. Prints as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        PublicKey(bytes)
    }

    /// The key of 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u8> =
            text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
        (digits.len() == 64)
            .then(|| PublicKey(std::array::from_fn(|i| digits[2 * i] << 4 | digits[2 * i + 1])))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

fn message(sections: &[Section]) -> Vec<u8> {
    let mut message = DOMAIN.to_vec();
    message.extend(layout::MAJOR.to_le_bytes());
    let vouched = sections.iter().filter(|section| section.kind != Some(SectionKind::Signature));
    message.extend(vouched.flat_map(layout::encode_entry));
    message
}

/// The contents of the signature section of a file of these sections.
pub(crate) fn sign(sections: &[Section], key: &SecretKey) -> [u8; SIGNATURE_BYTES] {
    let mut bytes = [0; SIGNATURE_BYTES];
    bytes[..32].copy_from_slice(&key.public().0);
    bytes[32..].copy_from_slice(&SigningKey::from_bytes(&key.0).sign(&message(sections)).to_bytes());
    bytes
}

/// Who signed these sections, if it is one of `trusted`.
pub(crate) fn verify(
    sections: &[Section],
    bytes: &[u8],
    trusted: &[PublicKey],
) -> Result<PublicKey, ArtifactError> {
    let (key, signature) = bytes.split_first_chunk::<32>().ok_or(ArtifactError::Signature)?;
    let signature = Signature::from_slice(signature).map_err(|_| ArtifactError::Signature)?;
    let verifier = VerifyingKey::from_bytes(key).map_err(|_| ArtifactError::Signature)?;
    verifier.verify_strict(&message(sections), &signature).map_err(|_| ArtifactError::Signature)?;
    let signer = PublicKey(*key);
    if trusted.contains(&signer) { Ok(signer) } else { Err(ArtifactError::Untrusted { signer }) }
}
