//! PNG: chunks, of which those are kept that the picture is made of.

use super::{Found, Reader};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
const KEPT: [&[u8; 4]; 12] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs",
    b"bKGD",
];

pub(super) fn read(file: &[u8]) -> Option<Found> {
    let mut reader = Reader(file);
    if reader.array()? != SIGNATURE {
        return None;
    }
    let (mut bytes, mut size, mut has_rows) = (SIGNATURE.to_vec(), None, false);
    loop {
        let length: [u8; 4] = reader.array()?;
        let kind: [u8; 4] = reader.array()?;
        let content = reader.take(usize::try_from(u32::from_be_bytes(length)).ok()?)?;
        let sum: [u8; 4] = reader.array()?;
        match (&kind, size) {
            (b"IHDR", None) => size = Some(dimensions(content)?),
            // Nothing comes before it.
            (_, None) | (b"IHDR", Some(_)) => return None,
            _ => {}
        }
        has_rows |= &kind == b"IDAT";
        if KEPT.contains(&&kind) {
            for part in [&length[..], &kind, content, &sum] {
                bytes.extend(part);
            }
        }
        if &kind == b"IEND" {
            break;
        }
    }
    let (width, height) = size.filter(|_| has_rows)?;
    Some(Found { width, height, bytes })
}

fn dimensions(content: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader(content);
    Some((u32::from_be_bytes(reader.array()?), u32::from_be_bytes(reader.array()?)))
}
