//! 完善档案: what somebody can do, wants to do, and when they are free, written by who keeps the roster or by themselves.

use super::change::{act, shown};
use super::own;
use crate::app::State;
use crate::auth::{Permit, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, PersonPath};
use actix_web::{HttpResponse, put, web};
use domain::person::{Command, Profile};
use openapi::person::{EditProfile, RosterEntry};

/// All that is wrong with it at once.
fn parsed(given: EditProfile) -> ApiResult<Profile> {
    given.parse().map_err(|refusals| {
        let faults = refusals.into_iter().map(|refusal| fault(refusal, None)).collect();
        ApiError { faults, cause: None }
    })
}

/// Replaces the profile of a person.
#[utoipa::path(
    tag = "人员",
    operation_id = "edit_profile",
    summary = "完善档案",
    description = "以此替换人员的技能、服务意愿与空闲时段，供按技能派单、匹配志愿者；不填的即清空。审计只记谁、何时，不记内容。",
    request_body = EditProfile,
    responses((status = 200, description = "已替换", body = RosterEntry, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("person.edit")))
)]
#[put("/users/{id}/profile")]
pub(crate) async fn edit_profile(
    state: web::Data<State>,
    permit: Permit<may::PersonEdit>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<EditProfile>,
) -> ApiResult<HttpResponse> {
    let command = Command::Profile { profile: parsed(body.value)? };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, state.clock.now(), shown).await
}

/// Replaces one's own profile.
#[utoipa::path(
    tag = "身份",
    operation_id = "edit_my_profile",
    summary = "完善本人档案",
    description = "以此替换本人的技能、服务意愿与空闲时段；不填的即清空。人人可填，名册管理员可见。",
    request_body = EditProfile,
    responses((status = 200, description = "已替换", body = RosterEntry, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("me.profile")))
)]
#[put("/me/profile")]
pub(crate) async fn edit_my_profile(
    state: web::Data<State>,
    permit: Permit<may::MeProfile>,
    conditions: Conditions,
    body: Body<EditProfile>,
) -> ApiResult<HttpResponse> {
    let command = Command::ProfileOwn { profile: parsed(body.value)? };
    let me = PersonPath(permit.actor.user);
    act(&state, &permit, &conditions, (me, &body.bytes), &command, state.clock.now(), own).await
}
