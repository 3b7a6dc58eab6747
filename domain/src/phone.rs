//! Phone numbers: written in many ways, stored in one, so that equal numbers are found by their hash.

use arrayvec::ArrayString;
use std::fmt;

/// `+` and 15 digits.
const LONGEST: usize = 16;
/// What stands for what is not shown.
const HIDDEN: &str = "****";

/// A phone number (电话号码) in its one form: the 11 digits of a mainland mobile, a fixed line with its area code, or `+`
/// and the digits of a foreign number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phone(ArrayString<LONGEST>);

/// Why a phone number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneRefusal {
    /// Neither a mobile, nor a fixed line with its area code, nor a foreign number.
    #[error("this is no phone number")]
    Invalid,
}

impl Phone {
    /// Reads a number as people write it: with spaces, hyphens, and `+86` or not.
    ///
    /// # Errors
    /// [`PhoneRefusal::Invalid`].
    pub fn parse(text: &str) -> Result<Self, PhoneRefusal> {
        let mut plain = ArrayString::<{ LONGEST + 4 }>::new();
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            let fits = c.is_ascii_digit() || (c == '+' && plain.is_empty());
            if !fits || plain.try_push(c).is_err() {
                return Err(PhoneRefusal::Invalid);
            }
        }
        let (prefix, digits) = match (plain.strip_prefix("+86"), plain.strip_prefix('+')) {
            // Abroad the area code stands without its zero.
            (Some(home), _) if !is_mobile(home) && !home.starts_with('0') => ("0", home),
            (Some(home), _) => ("", home),
            (None, Some(abroad)) if (6..=15).contains(&abroad.len()) && !abroad.starts_with('0') => {
                return Self::of("+", abroad);
            }
            (None, _) => ("", plain.as_str()),
        };
        let phone = Self::of(prefix, digits)?;
        if is_mobile(&phone.0) || is_fixed(&phone.0) { Ok(phone) } else { Err(PhoneRefusal::Invalid) }
    }

    fn of(prefix: &str, digits: &str) -> Result<Self, PhoneRefusal> {
        let mut phone = ArrayString::new();
        phone
            .try_push_str(prefix)
            .and_then(|()| phone.try_push_str(digits))
            .map_err(|_| PhoneRefusal::Invalid)?;
        Ok(Self(phone))
    }

    /// The one form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown to those who need not call: `138****5678`.
    pub fn masked(&self) -> String {
        let (head, tail) = if self.0.len() >= 11 { (3, 4) } else { (2, 2) };
        format!("{}{HIDDEN}{}", &self.0[..head], &self.0[self.0.len() - tail..])
    }
}

/// Never in full in a log.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// `1[3-9]` and nine more.
fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9')
}

/// An area code of three or four digits, zero first, and seven or eight more.
fn is_fixed(digits: &str) -> bool {
    (10..=12).contains(&digits.len()) && digits.starts_with('0') && !digits.starts_with("00")
}

/// A name as it is shown to those who need not know it: `王**`. A name of one character is hidden whole.
pub fn mask_name(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next();
    let hidden: String = rest.map(|_| '*').collect();
    match first {
        Some(first) if !hidden.is_empty() => format!("{first}{hidden}"),
        Some(_) => "*".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("13812345678", "13812345678", "138****5678")]
    #[case("138 1234 5678", "13812345678", "138****5678")]
    #[case("+86 138-1234-5678", "13812345678", "138****5678")]
    #[case("0873-6123456", "08736123456", "087****3456")]
    #[case("010-12345678", "01012345678", "010****5678")]
    #[case("0871 12345678", "087112345678", "087****5678")]
    #[case("+86 873 6123456", "08736123456", "087****3456")]
    #[case("+852 2123 4567", "+85221234567", "+85****4567")]
    #[case("+123456", "+123456", "+1****56")]
    fn one_number_has_one_form(#[case] written: &str, #[case] form: &str, #[case] masked: &str) {
        let phone = Phone::parse(written).unwrap();
        assert_eq!((phone.as_str(), phone.masked().as_str()), (form, masked));
        assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
        assert_eq!(format!("{phone:?}"), masked);
    }

    #[rstest]
    #[case("")]
    #[case("+")]
    #[case("12345678901")]
    #[case("1381234567")]
    #[case("138123456789")]
    #[case("１３８１２３４５６７８")]
    #[case("138123x5678")]
    #[case("13812345678 转 2")]
    #[case("6123456")]
    #[case("+12345")]
    #[case("+0123456789")]
    #[case("+1234567890123456")]
    #[case("0086 13812345678")]
    #[case("1+3812345678")]
    fn what_is_no_number_is_refused(#[case] written: &str) {
        assert_eq!(Phone::parse(written), Err(PhoneRefusal::Invalid));
    }

    #[rstest]
    #[case("王小二", "王**")]
    #[case("欧阳修", "欧**")]
    #[case("王", "*")]
    #[case("", "")]
    #[case("Ann Li", "A*****")]
    fn names_are_masked(#[case] name: &str, #[case] masked: &str) {
        assert_eq!(mask_name(name), masked);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_its_form_parses(text in "[+0-9 -]{0,24}|\\PC{0,20}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
                prop_assert!(phone.masked().contains(HIDDEN));
            }
        }
    }
}
