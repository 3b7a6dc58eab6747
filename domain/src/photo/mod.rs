//! Photos (照片) of what was done on the spot. What a camera writes beside the picture, such as where it was taken, is left
//! out before it is kept: only which way up it is held stays.

mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use crate::id::PhotoId;
use crate::refusal::Args;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The largest photo, in bytes.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The longest side of a photo, in pixels.
pub const MAX_SIDE: u32 = 12_000;
/// The most photos of one person a day in China.
pub const MOST_A_DAY: i64 = 100;

/// The word of the event that says that one was added.
pub const ADDED: &str = "photo_added";

/// The format of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "they are their names")]
pub enum Media {
    Jpeg,
    Png,
    Webp,
}

impl Media {
    /// The word in the `media` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// A photo without what was written beside the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its format.
    pub media: Media,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a photo is not taken, or not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoRefusal {
    /// None of that id, or out of sight.
    #[error("no such photo")]
    NotFound,
    /// Neither JPEG nor PNG nor WebP, or not whole.
    #[error("not a picture")]
    NotAPicture,
    /// Too many pixels, or none.
    #[error("a side is not 1 to {MAX_SIDE} pixels")]
    Dimensions,
    /// More than [`MOST_A_DAY`].
    #[error("too many photos today")]
    TooMany,
    /// The place is none of theirs.
    #[error("beyond the actor's scope")]
    BeyondScope,
}

impl PhotoRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "photo.not_found",
            Self::NotAPicture => "photo.not_a_picture",
            Self::Dimensions => "photo.dimensions",
            Self::TooMany => "photo.too_many",
            Self::BeyondScope => "photo.beyond_scope",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Dimensions => vec![("max", MAX_SIDE.to_string())],
            Self::TooMany => vec![("max", MOST_A_DAY.to_string())],
            Self::NotFound | Self::NotAPicture | Self::BeyondScope => vec![],
        }
    }

    /// The field of the call.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::BeyondScope => Some("?place"),
            Self::NotFound | Self::NotAPicture | Self::Dimensions | Self::TooMany => None,
        }
    }
}

impl PhotoId {
    /// By which a photo shows what was done once only.
    pub fn slot(self) -> String {
        format!("photo:{self}")
    }
}

impl Picture {
    /// Reads a file, whatever it says it is, and leaves out what was written beside the picture.
    ///
    /// # Errors
    /// [`PhotoRefusal::NotAPicture`], [`PhotoRefusal::Dimensions`].
    pub fn read(file: &[u8]) -> Result<Self, PhotoRefusal> {
        let read = match file {
            [0xff, 0xd8, ..] => jpeg::read(file).map(|found| (Media::Jpeg, found)),
            [0x89, b'P', b'N', b'G', ..] => png::read(file).map(|found| (Media::Png, found)),
            [b'R', b'I', b'F', b'F', ..] => webp::read(file).map(|found| (Media::Webp, found)),
            _ => None,
        };
        let (media, Found { width, height, bytes }) = read.ok_or(PhotoRefusal::NotAPicture)?;
        let side = 1..=MAX_SIDE;
        if !side.contains(&width) || !side.contains(&height) {
            return Err(PhotoRefusal::Dimensions);
        }
        Ok(Self { media, width, height, bytes })
    }
}

/// What a format yields.
struct Found {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

/// A file that is read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }
}
