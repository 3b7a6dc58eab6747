//! Swagger UI at `/docs/`, from files that are part of the program: it works offline. Its own words are English; ours
//! are put over them by `huying.js`.

use crate::app::State;
use crate::error::{ApiError, ApiResult};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, Resource, guard, web};
use openapi::problem::Fault;
use std::sync::Arc;
use utoipa_swagger_ui::Config;

const INDEX: &str = include_str!("../assets/docs/index.html");
const SCRIPT: &str = include_str!("../assets/docs/huying.js");
/// Nothing from elsewhere: a page that holds tokens talks to this server alone.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(page("/openapi.json").to(document))
        .service(page("/docs").to(to_docs))
        .service(page("/").to(to_docs))
        .service(page("/docs/{file:.*}").to(file));
}

/// A page is read; whatever else is asked of it is no call.
fn page(path: &str) -> Resource {
    web::resource(path).guard(guard::Get())
}

async fn document(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(state.document.clone())
}

async fn to_docs() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/docs/")).finish()
}

async fn file(path: web::Path<String>) -> ApiResult<HttpResponse> {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"));
    match path.as_str() {
        "" | "index.html" => Ok(response.content_type("text/html; charset=utf-8").body(INDEX)),
        "huying.js" => Ok(response.content_type("text/javascript; charset=utf-8").body(SCRIPT)),
        other => {
            let found = utoipa_swagger_ui::serve(other, Arc::new(Config::from("/openapi.json")));
            let missing = || Fault::new("route.not_found").with("path", format!("/docs/{other}"));
            let file = found.map_err(ApiError::internal)?.ok_or_else(missing)?;
            Ok(response.insert_header((CONTENT_TYPE, file.content_type)).body(file.bytes.into_owned()))
        }
    }
}
