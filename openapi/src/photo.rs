//! Photos on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 照片是在哪里拍的。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddPhoto {
    /// 地点编码
    #[param(example = "532504001007")]
    pub place: String,
}

/// 刚上传的照片。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01990000-0000-7000-8000-000000000901", "width": 1280, "height": 960, "media": "image/jpeg"}))]
pub struct PhotoAdded {
    /// 照片标识
    pub id: Uuid,
    /// 宽，像素
    pub width: u32,
    /// 高，像素
    pub height: u32,
    /// 格式
    pub media: &'static str,
}
