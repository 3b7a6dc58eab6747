//! WebP: chunks in a RIFF container, of which those are kept that a still picture is made of.

use super::{Found, Reader};

/// Of the flags of `VP8X`: XMP, EXIF, and that it moves.
const BESIDE: u8 = 0x04 | 0x08 | 0x02;

pub(super) fn read(file: &[u8]) -> Option<Found> {
    let mut reader = Reader(file.get(4..)?);
    let length = usize::try_from(u32::from_le_bytes(reader.array()?)).ok()?;
    let mut reader = Reader(reader.take(length)?);
    if &reader.array::<4>()? != b"WEBP" {
        return None;
    }
    let (mut body, mut canvas, mut picture) = (b"WEBP".to_vec(), None, None);
    while !reader.0.is_empty() {
        let kind: [u8; 4] = reader.array()?;
        let length = u32::from_le_bytes(reader.array()?);
        let size = usize::try_from(length).ok()?;
        let mut content = reader.take(size)?.to_vec();
        // Of odd lengths there is a byte more, if a careless program did not leave it out at the end.
        if size % 2 == 1 && !reader.0.is_empty() {
            reader.take(1)?;
        }
        match &kind {
            b"VP8X" => {
                canvas = Some(extended(&content)?);
                *content.first_mut()? &= !BESIDE;
            }
            b"VP8 " => picture = Some(lossy(&content)?),
            b"VP8L" => picture = Some(lossless(&content)?),
            b"ALPH" | b"ICCP" => {}
            _ => continue,
        }
        body.extend(kind);
        body.extend(length.to_le_bytes());
        body.extend(&content);
        body.extend(std::iter::repeat_n(0, size % 2));
    }
    let (width, height) = canvas.or(picture).filter(|_| picture.is_some())?;
    let length = u32::try_from(body.len()).ok()?;
    let bytes = [b"RIFF", length.to_le_bytes().as_slice(), &body].concat();
    Some(Found { width, height, bytes })
}

/// One more than three bytes.
fn three(bytes: &[u8]) -> Option<u32> {
    let [a, b, c] = *bytes.first_chunk::<3>()?;
    Some(u32::from_le_bytes([a, b, c, 0]) + 1)
}

fn extended(content: &[u8]) -> Option<(u32, u32)> {
    Some((three(content.get(4..)?)?, three(content.get(7..)?)?))
}

fn lossy(content: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader(content.get(3..)?);
    if reader.array()? != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
    Some((side(reader.array()?), side(reader.array()?)))
}

fn lossless(content: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader(content);
    if reader.array()? != [0x2f] {
        return None;
    }
    let bits = u32::from_le_bytes(reader.array()?);
    Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
}
