//! What people wrote freely. It is kept apart from the events, which know only its id and a keyed hash: so it can be
//! erased, and the history still adds up.

use crate::id::TextId;
use serde::{Deserialize, Serialize};

/// The longest free text, in characters: 2% of real messages exceed 2,000, the longest seen has 8,993.
pub const MAX_CHARS: usize = 10_000;
/// The longest address, in characters.
pub const MAX_ADDRESS: usize = 200;
/// The longest name of a person, in characters.
pub const MAX_NAME: usize = 30;
/// The longest key of a category, in characters.
pub const MAX_CATEGORY: usize = 50;

/// A free text (文本) that may be stored: 1 to 10,000 characters, not blank, no control characters but line breaks and
/// tabs. Kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeText(String);

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextRefusal {
    /// Nothing but blanks.
    #[error("the text is empty")]
    Empty,
    /// More characters than allowed.
    #[error("{length} characters, at most {max}")]
    TooLong {
        /// Characters given.
        length: usize,
        /// Characters allowed.
        max: usize,
    },
    /// NUL or another control character.
    #[error("control character U+{code:04X} at {at}")]
    ControlCharacter {
        /// Its code point.
        code: u32,
        /// Its place, counted in characters from 1.
        at: usize,
    },
}

impl FreeText {
    /// # Errors
    /// [`TextRefusal`], naming the length or the character.
    pub fn parse(text: String) -> Result<Self, TextRefusal> {
        Self::check(&text, MAX_CHARS)?;
        Ok(Self(text))
    }

    /// The same rules for shorter texts that are columns of their own (an address).
    ///
    /// # Errors
    /// [`TextRefusal`].
    pub fn check(text: &str, max: usize) -> Result<(), TextRefusal> {
        if text.trim().is_empty() {
            return Err(TextRefusal::Empty);
        }
        let mut length = 0;
        for (i, c) in text.chars().enumerate() {
            length = i + 1;
            if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
                return Err(TextRefusal::ControlCharacter { code: c.into(), at: length });
            }
        }
        if length > max {
            return Err(TextRefusal::TooLong { length, max });
        }
        Ok(())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How an event refers to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRef {
    /// The row that holds it, until it is erased.
    pub id: TextId,
    /// HMAC-SHA-256 of its UTF-8 bytes under the deployment's digest key, as hex: proves what was written without
    /// giving short answers away.
    #[serde(with = "hash_hex")]
    pub hash: [u8; 32],
}

/// A text on its way into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// How the events refer to it.
    pub reference: TextRef,
    /// What was written.
    pub body: FreeText,
}

mod hash_hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Write;

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        let mut hex = arrayvec::ArrayString::<64>::new();
        hash.iter().try_for_each(|byte| write!(hex, "{byte:02x}")).map_err(serde::ser::Error::custom)?;
        s.serialize_str(&hex)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let hex = arrayvec::ArrayString::<64>::deserialize(d)?;
        let mut hash = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(D::Error::custom("a hash has 64 hex digits"));
        }
        for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&hex[at..at + 2], 16).map_err(D::Error::custom)?;
        }
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("路灯不亮", None)]
    #[case("一行\r\n两行\t完", None)]
    #[case("", Some(TextRefusal::Empty))]
    #[case(" \n\u{3000}", Some(TextRefusal::Empty))]
    #[case("路灯\0不亮", Some(TextRefusal::ControlCharacter { code: 0, at: 3 }))]
    #[case("\u{1b}[31m", Some(TextRefusal::ControlCharacter { code: 0x1b, at: 1 }))]
    #[case("a\u{85}", Some(TextRefusal::ControlCharacter { code: 0x85, at: 2 }))]
    fn what_may_be_written(#[case] text: &str, #[case] refusal: Option<TextRefusal>) {
        assert_eq!(FreeText::parse(text.into()).err(), refusal);
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert!(FreeText::parse("灯".repeat(10_000)).is_ok());
        let refusal = FreeText::parse("灯".repeat(10_001)).unwrap_err();
        assert_eq!(refusal, TextRefusal::TooLong { length: 10_001, max: 10_000 });
    }

    #[test]
    fn a_reference_survives_storage() {
        let reference = TextRef { id: TextId(uuid::Uuid::from_u128(7)), hash: [0xab; 32] };
        let json = serde_json::to_string(&reference).unwrap();
        assert!(json.contains(&"ab".repeat(32)), "{json}");
        assert_eq!(serde_json::from_str::<TextRef>(&json).unwrap(), reference);
        let forged = json.replace("abab", "äb"); // not ASCII
        assert!(serde_json::from_str::<TextRef>(&forged).is_err());
    }
}
