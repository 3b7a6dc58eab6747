//! Whom to call about a ticket, as much of it as somebody may see.

use domain::phone::mask_name;
use domain::view::{self, Sight};
use serde::Serialize;
use utoipa::ToSchema;

/// 联系人。
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactCard {
    /// 姓名
    pub name: Option<String>,
    /// 电话
    pub phone: Option<String>,
    /// 住户：楼栋编码以下的几位
    pub household: Option<String>,
    /// 是否已隐去部分字符
    pub masked: bool,
}

impl ContactCard {
    /// As much of it as may be seen.
    pub(super) fn seen(contact: &view::Contact, sight: Sight) -> Option<Self> {
        let view::Contact { name, phone, household } = contact;
        match sight {
            Sight::Hidden => None,
            Sight::Masked => Some(Self {
                name: name.as_deref().map(mask_name),
                phone: phone.map(|phone| phone.masked()),
                household: household.as_ref().map(|_| "****".to_owned()),
                masked: true,
            }),
            Sight::Plain => Some(Self {
                name: name.clone(),
                phone: phone.map(|phone| phone.as_str().to_owned()),
                household: household.clone(),
                masked: false,
            }),
        }
    }
}
