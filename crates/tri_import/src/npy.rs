//! NumPy's `.npy` files, versions 1 to 3 (NEP 1).

use std::path::Path;

use tri_ir::{DType, TensorData};

use crate::file::{read, write};
use crate::{Doubles, ImportError, rounded};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read; NumPy itself stops at 10,000.
const MAX_HEADER: usize = 65_536;
/// Most axes that NumPy has.
const MAX_RANK: usize = 64;

/// Element types that files and Tri have in common.
const KNOWN: &str = "|b1, |i1, |u1, <i4, <i8, <f2, <f4";

/// An element type as files have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Tri(DType),
    F64,
}

impl Element {
    fn bytes(self) -> usize {
        match self {
            Element::Tri(dtype) => dtype.bytes(),
            Element::F64 => 8,
        }
    }
}

/// What the header says.
#[derive(Debug)]
struct Header {
    element: Element,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads a file.
///
/// # Errors
/// The file cannot be read, is not valid, or holds elements that Tri has not.
pub fn read_npy(path: &Path, doubles: Doubles) -> Result<TensorData, ImportError> {
    decode_npy(&path.display().to_string(), &read(path)?, doubles)
}

/// The tensor of a file's bytes. `file` names it in errors.
///
/// # Errors
/// Not a valid file, or elements that Tri has not.
pub fn decode_npy(file: &str, bytes: &[u8], doubles: Doubles) -> Result<TensorData, ImportError> {
    decode(bytes, doubles).map_err(|problem| match problem {
        Problem::Malformed(reason) => ImportError::Format { file: file.to_owned(), reason },
        Problem::Dtype(found) => ImportError::Dtype { place: file.to_owned(), found, expected: KNOWN },
    })
}

/// What is wrong with the bytes of a file.
enum Problem {
    /// They are no valid file.
    Malformed(String),
    /// The elements are of this type, which Tri has not.
    Dtype(String),
}

impl From<String> for Problem {
    fn from(reason: String) -> Problem {
        Problem::Malformed(reason)
    }
}

fn decode(bytes: &[u8], doubles: Doubles) -> Result<TensorData, Problem> {
    let (text, data) = split(bytes)?;
    let header = Parser { rest: text }.header()?;
    if header.element == Element::F64 && doubles == Doubles::Refuse {
        return Err(Problem::Dtype("`<f8`".to_owned()));
    }
    let elements = header.shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
    let expected = elements.and_then(|n| n.checked_mul(header.element.bytes()));
    if expected != Some(data.len()) {
        let shape = &header.shape;
        let reason = match expected {
            Some(expected) => {
                format!("shape {shape:?} takes {expected} bytes, but {} bytes follow the header", data.len())
            }
            None => format!("shape {shape:?} is larger than any memory"),
        };
        return Err(reason.into());
    }
    let mut data = if header.fortran_order {
        row_major(data, &header.shape, header.element.bytes())
    } else {
        data.to_vec()
    };
    let dtype = match header.element {
        Element::Tri(dtype) => dtype,
        Element::F64 => {
            data = rounded(&data);
            DType::F32
        }
    };
    if dtype == DType::Bool
        && let Some(byte) = data.iter().find(|byte| **byte > 1)
    {
        return Err(format!("a bool is 0 or 1, but a byte is {byte}").into());
    }
    let tensor = TensorData::new(dtype, header.shape, data);
    tensor.ok_or_else(|| "the elements do not fit the shape".to_owned().into())
}

/// Header text and elements.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("the file does not begin as a .npy file does")?;
    let truncated = || format!("the file ends within its header, after {} bytes", bytes.len());
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        other => return Err(format!("version {other} of the format is unknown; expected 1, 2 or 3")),
    };
    if length > MAX_HEADER {
        return Err(format!("the header would be {length} bytes long; at most {MAX_HEADER} are read"));
    }
    let (header, data) = rest.split_at_checked(length).ok_or_else(truncated)?;
    let header = std::str::from_utf8(header).map_err(|_| "the header is not UTF-8".to_owned())?;
    Ok((header, data))
}

/// Reads the header: a Python dict with the keys `descr`, `fortran_order` and `shape`, once each.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    fn unexpected(&self, expected: &str) -> String {
        let found: String = self.rest.chars().take(20).collect();
        format!("the header has `{found}` where {expected} belongs")
    }

    fn string(&mut self) -> Result<&'a str, String> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let quote = quote.ok_or_else(|| self.unexpected("a string"))?;
        let (text, rest) =
            self.rest[1..].split_once(quote).ok_or_else(|| self.unexpected("a string that ends"))?;
        self.rest = rest;
        Ok(text)
    }

    fn header(mut self) -> Result<Header, Problem> {
        let (mut element, mut fortran_order, mut shape) = (None, None, None);
        self.expect("{")?;
        while !self.eat("}") {
            let key = self.string()?;
            self.expect(":")?;
            let again = match key {
                "descr" => element.replace(self.element()?).is_some(),
                "fortran_order" => fortran_order.replace(self.truth()?).is_some(),
                "shape" => shape.replace(self.shape()?).is_some(),
                _ => return Err(format!("the header has an unknown key `{key}`").into()),
            };
            if again {
                return Err(format!("the header has `{key}` twice").into());
            }
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        if !self.rest.trim().is_empty() {
            return Err(self.unexpected("nothing more").into());
        }
        match (element, fortran_order, shape) {
            (Some(element), Some(fortran_order), Some(shape)) => Ok(Header { element, fortran_order, shape }),
            _ => Err("the header lacks `descr`, `fortran_order` or `shape`".to_owned().into()),
        }
    }

    fn element(&mut self) -> Result<Element, Problem> {
        if self.rest.trim_start().starts_with('[') {
            return Err(Problem::Dtype("records".to_owned()));
        }
        let text = self.string()?;
        match text {
            "|b1" => Ok(Element::Tri(DType::Bool)),
            "|i1" => Ok(Element::Tri(DType::I8)),
            "|u1" => Ok(Element::Tri(DType::U8)),
            "<i4" => Ok(Element::Tri(DType::I32)),
            "<i8" => Ok(Element::Tri(DType::I64)),
            "<f2" => Ok(Element::Tri(DType::F16)),
            "<f4" => Ok(Element::Tri(DType::F32)),
            "<f8" => Ok(Element::F64),
            _ if text.starts_with('>') => Err(Problem::Dtype(format!("`{text}`, which is big-endian"))),
            _ => Err(Problem::Dtype(format!("`{text}`"))),
        }
    }

    fn truth(&mut self) -> Result<bool, String> {
        if self.eat("True") {
            return Ok(true);
        }
        if self.eat("False") { Ok(false) } else { Err(self.unexpected("True or False")) }
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        self.expect("(")?;
        let mut shape = Vec::new();
        while !self.eat(")") {
            self.rest = self.rest.trim_start();
            let digits = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
            let (number, rest) = self.rest.split_at(digits);
            shape.push(number.parse().map_err(|_| self.unexpected("a size"))?);
            self.rest = rest;
            if shape.len() > MAX_RANK {
                return Err(format!("the tensor has more than {MAX_RANK} axes"));
            }
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(shape)
    }
}

/// Elements with the first axis fastest, in row-major order. `data` has as many bytes as the shape says.
fn row_major(data: &[u8], shape: &[usize], bytes: usize) -> Vec<u8> {
    if data.is_empty() {
        // A size of 0 lets the others be any number, of which the products below would overflow.
        return Vec::new();
    }
    let mut strides = vec![bytes; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let mut result = Vec::with_capacity(data.len());
    let mut index = vec![0; shape.len()];
    while result.len() < data.len() {
        let at: usize = index.iter().zip(&strides).map(|(i, stride)| i * stride).sum();
        result.extend_from_slice(&data[at..at + bytes]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    result
}

/// A file of the tensor; trits are written as `|i1`.
///
/// # Errors
/// bf16, which NumPy has not.
pub fn encode_npy(file: &str, tensor: &TensorData) -> Result<Vec<u8>, ImportError> {
    let descr = match tensor.dtype {
        DType::Bool => "|b1",
        DType::Trit | DType::I8 => "|i1",
        DType::U8 => "|u1",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::F32 => "<f4",
        DType::Bf16 => {
            return Err(ImportError::Dtype {
                place: file.to_owned(),
                found: "bf16, which NumPy has not".to_owned(),
                expected: "bool, trit, i8, u8, i32, i64, f16, f32, or a .safetensors file",
            });
        }
    };
    let sizes: String = match tensor.shape.as_slice() {
        [only] => format!("{only},"),
        sizes => sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
    };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // NumPy aligns elements to 64 bytes: magic, version and length take ten, the line end one.
    let unpadded = 10 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| ImportError::Format {
        file: file.to_owned(),
        reason: format!("a tensor with {} axes has too long a header", tensor.shape.len()),
    })?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(&tensor.bytes);
    Ok(bytes)
}

/// Writes a file of the tensor.
///
/// # Errors
/// As [`encode_npy`], or the file cannot be written.
pub fn write_npy(path: &Path, tensor: &TensorData) -> Result<(), ImportError> {
    write(path, &encode_npy(&path.display().to_string(), tensor)?)
}
