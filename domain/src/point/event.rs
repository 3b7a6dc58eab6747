//! What happened to a point.

use super::About;
use crate::id::PlaceId;
use crate::text::TextRef;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which events of points are stored.
pub const EVENT_VERSION: i16 = 1;

/// What happened to a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Entered (设点).
    PointFounded(About),
    /// Something else is said of it, as a whole (改点).
    PointChanged(About),
    /// Its place was merged into another, to which it belongs from then on (随并).
    PointMoved {
        /// The place that it belonged to.
        from: PlaceId,
        /// The place that goes on as that.
        to: PlaceId,
    },
    /// No point any more (撤点).
    PointRetired {
        /// Why.
        reason: TextRef,
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
