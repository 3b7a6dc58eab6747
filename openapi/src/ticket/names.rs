//! What the words of a ticket are called in its county.

use crate::words::Spoken;
use domain::policy::Sorting;
use domain::ticket::Status;
use serde::Serialize;
use utoipa::ToSchema;

/// 工单中各取值在本县的叫法。
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketNames<'a> {
    /// 状态的叫法
    pub status_name: &'a str,
    /// 类别名称；没有归类，或规程中已不再有的为 null
    pub category_name: Option<&'a str>,
    /// 轻重的叫法
    pub severity_name: Option<&'a str>,
    /// 三事的叫法
    pub affair_name: Option<&'a str>,
    /// 办理方式的叫法
    pub handling_name: Option<&'a str>,
}

impl<'a> TicketNames<'a> {
    /// Of a ticket that stands and was sorted so.
    pub fn of(status: Status, sorting: &Sorting<'_>, spoken: &'a Spoken) -> Self {
        Self {
            status_name: spoken.status(status),
            category_name: sorting.category.and_then(|category| spoken.category(category)),
            severity_name: sorting.severity.map(|severity| spoken.severity(severity)),
            affair_name: sorting.affair.map(|affair| spoken.affair(affair)),
            handling_name: sorting.handling.map(|handling| spoken.handling(handling)),
        }
    }
}
