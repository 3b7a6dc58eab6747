//! JPEG: segments and scans, from the start of the image to its end. What follows it, such as a second picture with notes of
//! its own, is left out.

use super::{Found, Reader};

const EXIF: &[u8] = b"Exif\0\0";

pub(super) fn read(file: &[u8]) -> Option<Found> {
    let mut reader = Reader(file.get(2..)?);
    let (mut body, mut size, mut orientation) = (Vec::with_capacity(file.len()), None, None);
    loop {
        let marker = marker(&mut reader)?;
        match marker {
            // The end.
            0xd9 => break,
            // Without a length.
            0x01 | 0xd0..=0xd7 => body.extend([0xff, marker]),
            _ => {
                let length = usize::from(u16::from_be_bytes(reader.array()?)).checked_sub(2)?;
                let content = reader.take(length)?;
                if is_size(marker) {
                    size = Some(dimensions(content)?);
                }
                orientation = orientation.or_else(|| turned(marker, content));
                if is_kept(marker, content) {
                    segment(&mut body, marker, content)?;
                }
                if marker == 0xda {
                    body.extend(scan(&mut reader)?);
                }
            }
        }
    }
    let (width, height) = size?;
    let mut bytes = vec![0xff, 0xd8];
    if let Some(turned) = orientation {
        segment(&mut bytes, 0xe1, &note(turned))?;
    }
    bytes.extend(body);
    bytes.extend([0xff, 0xd9]);
    Some(Found { width, height, bytes })
}

fn marker(reader: &mut Reader<'_>) -> Option<u8> {
    let [0xff] = reader.array()? else { return None };
    loop {
        match reader.array()? {
            // Filled up.
            [0xff] => {}
            [0] => return None,
            [marker] => return Some(marker),
        }
    }
}

/// Whether a segment says how large the picture is.
fn is_size(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn dimensions(content: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader(content.get(1..)?);
    let (height, width) = (u16::from_be_bytes(reader.array()?), u16::from_be_bytes(reader.array()?));
    Some((width.into(), height.into()))
}

/// What belongs to the picture: of what programs add, how it is coded and its colours.
fn is_kept(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe0 | 0xee => true,
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

fn segment(body: &mut Vec<u8>, marker: u8, content: &[u8]) -> Option<()> {
    let length = u16::try_from(content.len() + 2).ok()?;
    body.extend([0xff, marker]);
    body.extend(length.to_be_bytes());
    body.extend(content);
    Some(())
}

/// The coded rows up to the next marker.
fn scan<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let rest = reader.0;
    let ends = |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(next, 0 | 0xff | 0xd0..=0xd7));
    let end = rest.windows(2).position(ends)?;
    reader.take(end)
}

/// Which way up it is held: 2 to 8, as EXIF counts.
fn turned(marker: u8, content: &[u8]) -> Option<u8> {
    let tiff = content.strip_prefix(EXIF).filter(|_| marker == 0xe1)?;
    let big = match tiff.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two = *tiff.get(at..)?.first_chunk::<2>()?;
        Some(if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    let four = *tiff.get(4..)?.first_chunk::<4>()?;
    let first = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
    let first = usize::try_from(first).ok().filter(|at| *at < tiff.len())?;
    let count = usize::from(short(first)?);
    let entry = (0..count).map(|n| first + 2 + n * 12).find(|at| short(*at) == Some(0x0112))?;
    u8::try_from(short(entry + 8)?).ok().filter(|turned| (2..=8).contains(turned))
}

/// EXIF that says nothing else.
fn note(turned: u8) -> Vec<u8> {
    let tiff = [
        b'M', b'M', 0, 42, 0, 0, 0, 8, // The first list is at 8.
        0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turned, 0, 0, // One entry, a short.
        0, 0, 0, 0, // No other list.
    ];
    [EXIF, &tiff].concat()
}
