//! Points (点位): what is found on the ground of a county, and what of it can be reached on foot.

mod change;
mod given;
mod read;

pub(crate) use change::*;
pub(crate) use read::*;

use crate::error::fault;
use domain::text::FreeText;
use openapi::problem::Fault;

/// A text that is a column of its own, or a part of one.
fn short(text: &str, max: usize, field: impl Into<String>) -> Result<String, Fault> {
    FreeText::check(text, max).map_err(|refusal| fault(refusal, Some(field.into())))?;
    Ok(text.trim().to_owned())
}
