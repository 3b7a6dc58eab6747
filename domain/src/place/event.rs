//! What happened to a place. Everything below it goes along with its code, without an event of its own: the codes that a
//! place had say so.

use super::code::PlaceCode;
use crate::id::PlaceId;
use crate::text::TextRef;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which place events are stored.
pub const EVENT_VERSION: i16 = 1;

/// What happened, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
    /// Since when it holds: the date of the document that says so.
    pub on: NaiveDate,
    /// Why; none where the program brought the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<TextRef>,
}

/// What happened to a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Entered (设立).
    Founded {
        /// Its code.
        code: PlaceCode,
        /// Its name.
        name: String,
    },
    /// Called differently (更名).
    PlaceRenamed {
        /// Its name from then on.
        name: String,
    },
    /// Lies elsewhere in the net, with all below it (划转).
    Moved {
        /// The code that it had.
        from: PlaceCode,
        /// Its code from then on.
        to: PlaceCode,
    },
    /// A part of it became a place of its own (拆分).
    Split {
        /// The new places.
        into: Vec<PlaceId>,
    },
    /// Its boundary was drawn, or taken away (划界).
    Bounded {
        /// How much ground it encloses; none where there is no boundary any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        square_metres: Option<u64>,
    },
    /// No place any more (撤销, and 合并 where another goes on as it).
    Retired {
        /// What its codes stand for from then on.
        #[serde(skip_serializing_if = "Option::is_none")]
        successor: Option<PlaceId>,
    },
}

impl Headline {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Fact {
    /// The kind.
    pub fn headline(&self) -> Headline {
        self.into()
    }
}
