//! A query put together from parts, with its values numbered as they come. Both databases read `$1`.

use domain::place::PlaceCode;
use sea_orm::Value;
use std::fmt::Write;

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
