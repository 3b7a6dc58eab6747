//! What of a ticket is left out of the figures, on the wire (剔除).

use crate::label::words;
use chrono::{DateTime, Utc};
use domain::ticket::{Excludable, Exclusion};
use serde::Serialize;
use utoipa::ToSchema;

/// 从统计中剔除的一项。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Excluded)]
pub struct Left {
    /// `breach` 超时，`rating` 评价，`ticket` 整件工单
    #[schema(schema_with = words::<Excludable>)]
    pub what: Excludable,
    /// 此前发生的才剔除
    pub until: DateTime<Utc>,
}

impl From<&Exclusion> for Left {
    fn from(Exclusion { what, until }: &Exclusion) -> Self {
        Self { what: *what, until: *until }
    }
}
