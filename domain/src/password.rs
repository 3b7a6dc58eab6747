//! What a password (密码) and a user name (用户名) must be. Length beats variety: no rule demands digits or symbols.

/// The shortest password, in characters.
pub const MIN: usize = 10;
/// The longest: what is longer only costs time.
pub const MAX: usize = 128;
const MIN_USERNAME: usize = 3;
const MAX_USERNAME: usize = 64;

/// What guessers try first, of those that are long enough. In lower case.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "123456789a", "a123456789",
    "1234567891", "123456789123", "1234554321", "12344321", "1122334455", "11223344556", "1212121212",
    "123123123123", "1231231231", "147258369", "1472583690", "7894561230", "1029384756", "1q2w3e4r5t",
    "1q2w3e4r5t6y", "1qaz2wsx3edc", "q1w2e3r4t5", "qwertyuiop", "qwerty12345", "qwerty123456", "qwer123456",
    "asdfghjkl;", "asdfghjkl1", "zxcvbnm123", "abcdefghij", "abc1234567", "abcd123456", "abc123456789",
    "aa12345678", "aa123456789", "woaini1314", "woaini520", "woaini1314520", "woaini123456", "5201314520",
    "password12", "password123", "password1234", "passw0rd123", "administrator", "admin123456",
];

/// Why a password or a user name is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Too short or too long.
    #[error("a password has {MIN} to {MAX} characters")]
    Length {
        /// How long it is.
        length: usize,
    },
    /// It is the user name.
    #[error("the password is the user name")]
    IsUsername,
    /// Guessers try it first.
    #[error("the password is too common")]
    Common,
    /// The user name is none.
    #[error("not a user name")]
    Username,
}

/// Whether a password may be set for this user name.
///
/// # Errors
/// [`PasswordRefusal`].
pub fn check(password: &str, username: &str) -> Result<(), PasswordRefusal> {
    let length = password.chars().count();
    if !(MIN..=MAX).contains(&length) {
        return Err(PasswordRefusal::Length { length });
    }
    let lower = password.to_lowercase();
    if lower == normal(username) {
        return Err(PasswordRefusal::IsUsername);
    }
    let first = lower.chars().next();
    if COMMON.contains(&lower.as_str()) || lower.chars().all(|c| Some(c) == first) {
        return Err(PasswordRefusal::Common);
    }
    Ok(())
}

/// Whether somebody may be called so when they sign in.
///
/// # Errors
/// [`PasswordRefusal::Username`].
pub fn check_username(username: &str) -> Result<(), PasswordRefusal> {
    let name = normal(username);
    let fine = name.chars().all(|c| c.is_alphanumeric() || "._-@".contains(c));
    let fits = (MIN_USERNAME..=MAX_USERNAME).contains(&name.chars().count());
    if fine && fits { Ok(()) } else { Err(PasswordRefusal::Username) }
}

/// A user name as it is compared: without regard to case.
pub fn normal(username: &str) -> String {
    username.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_what_is_tried_first() {
        assert_eq!(check("correct horse", "admin"), Ok(()));
        assert_eq!(check("弥勒市政务服务中心的钥匙", "admin"), Ok(()));
        assert_eq!(check("short", "admin"), Err(PasswordRefusal::Length { length: 5 }));
        assert_eq!(check(&"x".repeat(129), "admin"), Err(PasswordRefusal::Length { length: 129 }));
        assert_eq!(check("Chen.Hongmei", " chen.hongmei"), Err(PasswordRefusal::IsUsername));
        assert_eq!(check("Password123", "admin"), Err(PasswordRefusal::Common));
        assert_eq!(check("8888888888", "admin"), Err(PasswordRefusal::Common));
    }

    #[test]
    fn a_username_can_be_typed() {
        for fine in ["chen.hongmei", "陈红梅", "a@b.cn", "admin"] {
            assert_eq!(check_username(fine), Ok(()), "{fine}");
        }
        for wrong in ["", "ab", "a b c", "a\u{0}bc", &"x".repeat(65)] {
            assert_eq!(check_username(wrong), Err(PasswordRefusal::Username), "{wrong}");
        }
    }
}
