//! A look at a workbook before it is opened: what comes out of it is measured, never believed.
//!
//! The reader behind this keeps shared strings, styles and the list of sheets in memory, and reserves room for as many
//! strings as the file claims to have. So these parts have limits of their own.

use super::SheetRefusal;
use quick_xml::events::Event;
use std::io::{BufRead, BufReader, Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// Bytes that all parts may have together.
const MAX_UNPACKED: u64 = 200 << 20;
/// Parts.
const MAX_PARTS: usize = 1_000;
/// From here on, a part may be no more than so many times what it is packed.
const LARGE: u64 = 10 << 20;
const MAX_RATIO: u64 = 200;
/// Bytes of a part that the reader keeps as a whole. A workbook with 64,000 styles, the most Excel has, needs less.
const MAX_KEPT: u64 = 8 << 20;
/// Strings that cells share: 20 for each of 100,000 rows.
const MAX_STRINGS: u64 = 2_000_000;

/// The parts that the reader keeps as a whole. Names are compared as the reader does it: `\` is `/`, and case is nothing.
const KEPT: [&str; 5] =
    ["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/theme/theme1.xml"];
const STRINGS: &str = "xl/sharedstrings.xml";

/// Lets a workbook pass that can be opened without harm.
///
/// # Errors
/// [`SheetRefusal`].
pub(super) fn check(bytes: &[u8]) -> Result<(), SheetRefusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| SheetRefusal::NotAWorkbook)?;
    if archive.len() > MAX_PARTS {
        return Err(SheetRefusal::Bomb);
    }
    let mut left = MAX_UNPACKED;
    let mut workbook = false;
    let mut old = false;
    for i in 0..archive.len() {
        let mut part = match archive.by_index(i) {
            Ok(part) => part,
            // Each part is encrypted by itself.
            Err(ZipError::UnsupportedArchive(_)) => return Err(SheetRefusal::OldFormat),
            Err(error) => return Err(SheetRefusal::damaged(error)),
        };
        let name = part.name().map_err(SheetRefusal::damaged)?.replace('\\', "/").to_ascii_lowercase();
        if name.ends_with("vbaproject.bin") {
            return Err(SheetRefusal::Macro);
        }
        workbook |= name == "xl/workbook.xml";
        old |= name == "xl/workbook.bin";
        let kept = KEPT.contains(&name.as_str());
        let packed = part.compressed_size();
        left -= measure(&mut part, packed, if kept { left.min(MAX_KEPT) } else { left })?;
        drop(part);
        let look: Look = match name.as_str() {
            "[content_types].xml" => no_macros,
            "_rels/.rels" => leads_to_the_workbook,
            STRINGS => strings,
            _ => continue,
        };
        look(&mut BufReader::new(archive.by_index(i).map_err(SheetRefusal::damaged)?))?;
    }
    match (workbook, old) {
        (true, _) => Ok(()),
        (false, true) => Err(SheetRefusal::OldFormat),
        (false, false) => Err(SheetRefusal::NotAWorkbook),
    }
}

/// Inflates a part, to nowhere. The bytes that came out, at most `max`.
fn measure(part: &mut impl Read, packed: u64, max: u64) -> Result<u64, SheetRefusal> {
    let mut buffer = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let read = part.read(&mut buffer).map_err(SheetRefusal::damaged)? as u64;
        size += read;
        if size > max || size > LARGE && size / MAX_RATIO > packed {
            return Err(SheetRefusal::Bomb);
        }
        if read == 0 {
            return Ok(size);
        }
    }
}

/// The list of parts says whether it is a workbook with macros, whatever the file is called.
fn no_macros(part: &mut dyn BufRead) -> Result<(), SheetRefusal> {
    let mut list = String::new();
    // A list that is longer belongs to no workbook of up to 1,000 parts.
    part.take(1 << 20).read_to_string(&mut list).map_err(SheetRefusal::damaged)?;
    let macros = list.to_ascii_lowercase().contains("macroenabled");
    if macros { Err(SheetRefusal::Macro) } else { Ok(()) }
}

/// A closer look at a part.
type Look = fn(&mut dyn BufRead) -> Result<(), SheetRefusal>;

type Xml<R> = quick_xml::Reader<R>;

/// Set up as the reader behind this sets it up, so that both see the same.
fn xml<R: BufRead>(part: R) -> Xml<R> {
    let mut xml = Xml::from_reader(part);
    let config = xml.config_mut();
    config.check_end_names = false;
    config.check_comments = false;
    config.expand_empty_elements = true;
    xml
}

/// A package may call any part its workbook. Ours are called by the one name, so that the limits above hold.
fn leads_to_the_workbook(part: &mut dyn BufRead) -> Result<(), SheetRefusal> {
    let mut xml = xml(part);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(SheetRefusal::damaged)? {
            Event::Start(start) if start.local_name().as_ref() == "Relationship" => {
                let (mut kind, mut target) = (String::new(), String::new());
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(SheetRefusal::damaged)?;
                    match attribute.key.as_ref() {
                        "Type" => kind = attribute.value.to_string(),
                        "Target" => target = attribute.value.to_ascii_lowercase(),
                        _ => {}
                    }
                }
                let target = target.strip_prefix('/').unwrap_or(&target);
                if kind.ends_with("/relationships/officeDocument") && target != "xl/workbook.xml" {
                    let binary = target == "xl/workbook.bin";
                    return Err(if binary { SheetRefusal::OldFormat } else { SheetRefusal::NotAWorkbook });
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// Counts the strings, and looks at how many the part claims to have: the reader reserves room for so many.
fn strings(part: &mut dyn BufRead) -> Result<(), SheetRefusal> {
    let mut xml = xml(part);
    let mut buffer = Vec::new();
    let mut count = 0_u64;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(SheetRefusal::damaged)? {
            Event::Start(start) if start.local_name().as_ref() == "sst" => {
                for attribute in start.attributes().with_checks(false) {
                    let attribute = attribute.map_err(SheetRefusal::damaged)?;
                    let many = attribute.value.parse().is_ok_and(|count: u64| count > MAX_STRINGS);
                    if attribute.key.local_name().as_ref() == "uniqueCount" && many {
                        return Err(SheetRefusal::Bomb);
                    }
                }
            }
            Event::Start(start) if start.local_name().as_ref() == "si" => {
                count += 1;
                if count > MAX_STRINGS {
                    return Err(SheetRefusal::Bomb);
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}
