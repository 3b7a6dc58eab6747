//! First letters in pinyin (拼音首字母), by which people look for a name: 弥勒市 is `mls`.

use pinyin::{ToPinyin, ToPinyinMulti};

/// The first letters of a text, in lower case: of each Chinese character its usual reading, letters and digits as they are,
/// nothing of the rest.
pub fn initials(text: &str) -> String {
    text.chars().filter_map(letter).collect()
}

fn letter(c: char) -> Option<char> {
    match c.to_pinyin() {
        Some(pinyin) => pinyin.plain().chars().next(),
        None => c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()),
    }
}

/// The first letters of a person's name, by every reading of its first character: 单 is read shàn as a surname, dān otherwise.
pub fn readings(name: &str) -> Vec<String> {
    let mut chars = name.chars();
    let Some(first) = chars.next() else { return vec![] };
    let rest = initials(chars.as_str());
    let mut firsts: Vec<char> = match first.to_pinyin_multi() {
        Some(all) => all.into_iter().filter_map(|pinyin| pinyin.plain().chars().next()).collect(),
        None => letter(first).into_iter().collect(),
    };
    firsts.sort_unstable();
    firsts.dedup();
    firsts.into_iter().map(|first| format!("{first}{rest}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_letters_of_names() {
        assert_eq!(initials("弥勒市水务局"), "mlsswj");
        assert_eq!(initials("12345 热线（A座）"), "12345rxaz");
        assert_eq!(initials(""), "");
        assert_eq!(readings("单雄信"), ["cxx", "dxx", "sxx"]);
        assert_eq!(readings("李建国"), ["ljg"]);
        assert_eq!(readings("Anna"), ["anna"]);
        assert!(readings("").is_empty());
    }
}
