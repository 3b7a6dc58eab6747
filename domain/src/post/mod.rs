//! Posts (先锋岗、服务岗位) of a community: what they are for and what services they offer. Members claim them and promise
//! services; residents see who holds them, and ask one directly (practices L05, F04).

mod claim;
mod refusal;
#[cfg(test)]
mod tests;

pub use claim::{ClaimFact, ClaimStatus, Claiming, PostClaim, slots_of};
pub use refusal::PostRefusal;

use crate::actor::{Actor, Scope};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::permission::{Action, Role};
use crate::person::{ProfileFault, ProfileRefusal, words};
use crate::place::PlaceCode;
use crate::playbook::PostRules;
use crate::refusal::Refusal;
use crate::text::{Text, TextRef, TextRefusal};
use crate::tie::TieRefusal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most services that a post offers.
pub const MAX_SERVICES: usize = 30;
/// The most skills that a post asks for.
pub const MAX_SKILLS: usize = 20;
/// The longest name, service or skill, in characters.
pub const MAX_WORD: usize = 30;

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PostStatus {
    /// 开放.
    Open,
    /// 已撤销.
    Retired,
}

impl PostStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A post of a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub purpose: TextRef,
    /// What it offers to residents, in the order given.
    pub services: Vec<String>,
    /// The skills that fit it.
    pub skills: Vec<String>,
    /// When it was set.
    pub set_at: Timestamp,
    /// Where it stands.
    pub status: PostStatus,
    /// Why it was retired.
    pub closing: Option<TextRef>,
}

/// What happened to a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the post")]
pub enum PostFact {
    /// 设立岗位.
    PostSet { purpose: TextRef },
    /// 撤销岗位.
    PostRetired { reason: TextRef },
}

impl Fact for PostFact {
    fn word(&self) -> &'static str {
        match self {
            Self::PostSet { .. } => "post_set",
            Self::PostRetired { .. } => "post_retired",
        }
    }
}

impl Matter for Post {
    const KIND: &'static str = "post";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = None;
    type Fact = PostFact;

    fn columns(&self) -> Columns {
        Columns::new(self.status.name(), self.status == PostStatus::Open, self.set_at)
    }
}

/// What a new post offers, and whom it suits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is called.
    pub name: String,
    /// What it offers.
    pub services: Vec<String>,
    /// The skills that fit it.
    pub skills: Vec<String>,
}

impl Offer {
    /// An offer with its words trimmed.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn parse(name: &str, services: &[String], skills: &[String]) -> Result<Self, Vec<ProfileRefusal>> {
        let mut faults = Vec::new();
        let mut names = words("/name", &[name.to_owned()], (1, MAX_WORD), &mut faults);
        // There is one.
        faults.iter_mut().for_each(|fault| fault.field = "/name".to_owned());
        let services = words("/services", services, (MAX_SERVICES, MAX_WORD), &mut faults);
        let skills = words("/skills", skills, (MAX_SKILLS, MAX_WORD), &mut faults);
        match (names.pop(), faults.is_empty()) {
            (Some(name), true) => Ok(Self { name, services, skills }),
            (None, true) => {
                let fault = ProfileFault::Word(TextRefusal::Empty);
                Err(vec![ProfileRefusal { field: "/name".to_owned(), fault }])
            }
            (_, false) => Err(faults),
        }
    }
}

impl Post {
    /// 设立: by the community, or whoever stands above it. It offers as many services as one must promise at least, or
    /// nobody could claim it.
    ///
    /// # Errors
    /// [`MatterRefusal`], [`TieRefusal::NotACommunity`].
    pub fn set(
        offer: &Offer,
        purpose: &Text,
        actor: &Actor,
        at: &PlaceCode,
        rules: PostRules,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        if !actor.does_at(Action::PostSet, at) {
            return Err(MatterRefusal::BeyondScope.into());
        }
        must_be_a_community(at)?;
        let least = usize::from(rules.promises[0]);
        MatterRefusal::unless_so_many("/services", offer.services.len(), (least, MAX_SERVICES))?;
        let Offer { name, services, skills } = offer.clone();
        let post = Self {
            name,
            purpose: purpose.reference,
            services,
            skills,
            set_at: now,
            status: PostStatus::Open,
            closing: None,
        };
        Ok(Change::new(post, PostFact::PostSet { purpose: purpose.reference }).with([purpose.clone()]))
    }

    /// 撤销: nobody claims it any more. Those who hold it are let go by [`PostClaim::end_with_its_post`].
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn retire(
        &self,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PostSet, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        self.must_be_open()?;
        let mut after = self.clone();
        (after.status, after.closing) = (PostStatus::Retired, Some(reason.reference));
        Ok(Change::new(after, PostFact::PostRetired { reason: reason.reference }).with([reason.clone()]))
    }

    fn must_be_open(&self) -> Result<(), MatterRefusal> {
        match self.status {
            PostStatus::Open => Ok(()),
            status @ PostStatus::Retired => Err(MatterRefusal::Over { status: status.name() }),
        }
    }
}

/// Whether a place is a community (社区、村) itself.
///
/// # Errors
/// [`TieRefusal::NotACommunity`].
pub fn must_be_a_community(at: &PlaceCode) -> Result<(), TieRefusal> {
    if at.community() == Some(at.as_str()) { Ok(()) } else { Err(TieRefusal::NotACommunity) }
}

impl Actor {
    /// Whether one of these roles is granted to them at a place: for it, for what it lies in, or for a part of it.
    pub fn is_granted_at(&self, roles: &[Role], at: &PlaceCode) -> bool {
        let granted = self.grants.iter().filter(|grant| roles.contains(&grant.role));
        granted.into_iter().any(|grant| match &grant.scope {
            Scope::Places(places) => places.iter().any(|place| place.covers(at) || at.covers(place)),
            Scope::Unit(_) => false,
        })
    }
}
