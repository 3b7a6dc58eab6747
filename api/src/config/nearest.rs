//! What somebody may have meant who wrote a name that is none.

use strsim::normalized_damerau_levenshtein;

/// How alike two names must be, of 1.
const ALIKE: f64 = 0.6;

/// The name most like `wrong`, if any is; `part` is what of a name is compared.
pub(super) fn nearest<'a>(
    wrong: &str,
    names: impl Iterator<Item = &'a str>,
    part: impl Fn(&'a str) -> &'a str,
) -> Option<&'a str> {
    let alike = names.map(|name| (normalized_damerau_levenshtein(wrong, part(name)), name));
    alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
