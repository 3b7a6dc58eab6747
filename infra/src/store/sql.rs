//! A query put together from parts, with its values numbered as they come. Both databases read `$1`.

use domain::place::PlaceCode;
use sea_orm::Value;
use std::fmt::Write;

/// The digits that a code may have: those of a county, a street, a community, and whatever a playbook has below.
const LENGTHS: [usize; 15] = [6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];

/// The codes of a place and of those that it may lie in, with commas.
pub(super) fn prefixes(column: &str) -> String {
    LENGTHS.map(|length| format!("substr({column}, 1, {length})")).join(", ")
}

/// SQL in the making.
#[derive(Debug, Default)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Sql {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Appends SQL as it is.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        write!(self.text, "${}", self.values.len()).expect("a string takes what is written to it");
        self
    }

    /// Appends values in parentheses, with commas. There must be at least one.
    pub(super) fn bind_all<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (i, value) in values.into_iter().enumerate() {
            self.push(if i == 0 { "(" } else { ", " }).bind(value);
        }
        self.push(")")
    }

    /// Appends that a column has a text in it.
    pub(super) fn contains(&mut self, column: &str, text: &str) -> &mut Self {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.push(column).push(" LIKE ").bind(format!("%{escaped}%")).push(" ESCAPE '\\'")
    }

    /// Appends that a column holds the code of a place or of one below it. Codes are digits, and `:` follows on `9`.
    pub(super) fn below(&mut self, column: &str, place: &PlaceCode) -> &mut Self {
        self.push(&format!("({column} >= ")).bind(place.as_str());
        self.push(&format!(" AND {column} < ")).bind(format!("{place}:")).push(")")
    }

    /// Appends that a column holds the code of one of these places or of one below; false without any.
    pub(super) fn below_any(&mut self, column: &str, places: &[PlaceCode]) -> &mut Self {
        // Nothing but ranges, or an index is not seen to serve them.
        self.push(if places.is_empty() { "(false" } else { "(" });
        for (i, place) in places.iter().enumerate() {
            self.push(if i == 0 { "" } else { " OR " }).below(column, place);
        }
        self.push(")")
    }
}
