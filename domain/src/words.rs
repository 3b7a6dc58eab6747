//! What two texts have in common. Chinese has no spaces between words, so a text is taken as its pairs of characters that
//! stand side by side: most words have two.

/// The pairs of a text, in its order, each once. Only letters, digits and characters count; case does not.
pub fn pairs(text: &str) -> Vec<String> {
    let mut pairs: Vec<String> = Vec::new();
    let mut before = None;
    for c in text.chars().flat_map(char::to_lowercase) {
        let counts = c.is_alphanumeric();
        if let Some(first) = before.filter(|_| counts) {
            let pair = String::from_iter([first, c]);
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        before = counts.then_some(c);
    }
    pairs
}

/// How many of these pairs a text has.
pub fn shared(pairs: &[String], text: &str) -> usize {
    let text = text.to_lowercase();
    pairs.iter().filter(|pair| text.contains(pair.as_str())).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_pairs() {
        assert_eq!(pairs("路灯不亮，路灯"), ["路灯", "灯不", "不亮"]);
        assert_eq!(pairs("A1 灯"), ["a1"]);
        assert!(pairs("灯").is_empty() && pairs("，。").is_empty());
        assert_eq!(shared(&pairs("报修路灯"), "路灯维修"), 1);
    }
}
