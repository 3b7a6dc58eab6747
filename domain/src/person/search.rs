//! By what a name is looked for: its beginning, or the beginning of its initials in pinyin.

use super::refusal::PersonRefusal;
use crate::phone::Phone;
use crate::refusal::Refusal;
use crate::text::{FreeText, MAX_NAME};

/// The fewest letters that a name is looked for by: by one there would be too many.
const MIN_LETTERS: usize = 2;

/// What somebody is looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A whole phone number.
    Phone(Phone),
    /// The beginning of a name, or of initials, as [`as_asked`] makes it.
    Name(String),
}

impl Asked {
    /// What holds no letter is meant as a phone number. Of a name one Chinese character is enough, of initials two letters.
    ///
    /// # Errors
    /// [`PersonRefusal::QueryTooShort`], and what is wrong with the number or the text.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        FreeText::check(text, MAX_NAME)?;
        if !text.chars().any(char::is_alphabetic) {
            return Ok(Self::Phone(Phone::parse(text)?));
        }
        if let Ok(phone) = Phone::parse(text) {
            return Ok(Self::Phone(phone));
        }
        let name = as_asked(text);
        if name.is_ascii() && name.len() < MIN_LETTERS {
            return Err(PersonRefusal::QueryTooShort.into());
        }
        Ok(Self::Name(name))
    }
}

/// A name as it is compared: trimmed, its Latin letters small.
pub fn as_asked(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("李", Ok("李"))]
    #[case(" 李建 ", Ok("李建"))]
    #[case("LJ", Ok("lj"))]
    #[case("l1", Ok("l1"))]
    #[case("王a", Ok("王a"))]
    #[case("l", Err("person.q_too_short"))]
    #[case(" L ", Err("person.q_too_short"))]
    #[case("é", Ok("é"))]
    #[case("", Err("text.empty"))]
    #[case("  ", Err("text.empty"))]
    #[case("李\0", Err("text.control_character"))]
    #[case("一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一", Err("text.too_long"))]
    #[case("13812345678", Ok("phone"))]
    #[case("+86 138-1234-5678", Ok("phone"))]
    #[case("1381234", Err("phone.invalid"))]
    #[case("1", Err("phone.invalid"))]
    #[case("——", Err("phone.invalid"))]
    fn what_is_looked_for(#[case] text: &str, #[case] expected: Result<&str, &str>) {
        let asked = Asked::parse(text);
        let told = match &asked {
            Ok(Asked::Name(name)) => Ok(name.as_str()),
            Ok(Asked::Phone(_)) => Ok("phone"),
            Err(refusal) => Err(refusal.code()),
        };
        assert_eq!(told, expected);
    }
}
