//! A file, whatever it is called.

use super::{Layout, MAX_BYTES, Sheet, SheetRefusal, text, xlsx};

/// How the files of before 2007 begin, and encrypted ones.
const OLE2: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// Reads an xlsx or a csv file, told apart by what is in it. 100,000 rows take seconds: not for a thread that serves
/// requests.
///
/// The heading row is the first of the first 10 that has two headings of the layout. Of a workbook, the tab with the
/// layout's name is read, or the first visible one. Text is UTF-8, UTF-16 with a byte order mark, or GB18030.
///
/// # Errors
/// [`SheetRefusal`]: what is wrong with the file as a whole. What is wrong in single cells is in [`Sheet::flaws`].
pub fn read(layout: &Layout, bytes: &[u8]) -> Result<Sheet, SheetRefusal> {
    if bytes.len() > MAX_BYTES {
        Err(SheetRefusal::TooLarge)
    } else if bytes.starts_with(&OLE2) {
        Err(SheetRefusal::OldFormat)
    } else if bytes.starts_with(b"PK") {
        xlsx::read(layout, bytes)
    } else {
        text::read(layout, bytes)
    }
}
