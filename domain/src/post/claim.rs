//! Who holds a post (认岗): a member, with the services that they promise.

use super::{Post, PostRefusal};
use crate::actor::Actor;
use crate::id::UserId;
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::{Action, Role};
use crate::place::PlaceCode;
use crate::playbook::PostRules;
use crate::refusal::Refusal;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// Who claims posts: members, and volunteers.
const CLAIMANTS: [Role; 2] = [Role::PartyMember, Role::Volunteer];

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClaimStatus {
    /// 在岗.
    Open,
    /// 已退岗: by the member.
    Left,
    /// 已离岗: by the community, or with the post.
    Ended,
}

impl ClaimStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A member's claim of a post. It says of the post what lists of members show; posts do not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostClaim {
    /// The post.
    pub post: Uuid,
    /// What it is called.
    pub name: String,
    /// The skills that fit it.
    pub skills: Vec<String>,
    /// Who holds it.
    pub member: UserId,
    /// What they promise, of what it offers.
    pub services: Vec<String>,
    /// Which of the posts it is that the member may hold, from 1.
    pub seat: u8,
    /// Since when.
    pub claimed_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
    /// Where it stands.
    pub status: ClaimStatus,
    /// What was said when it ended.
    pub closing: Option<TextRef>,
}

/// What happened to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the claim")]
pub enum ClaimFact {
    /// 认岗.
    PostClaimed { post: Uuid, member: UserId },
    /// 退岗, by the member.
    PostLeft {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<TextRef>,
    },
    /// 离岗, by the community or with the post.
    PostClaimEnded {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<TextRef>,
    },
}

impl Fact for ClaimFact {
    fn word(&self) -> &'static str {
        match self {
            Self::PostClaimed { .. } => "post_claimed",
            Self::PostLeft { .. } => "post_left",
            Self::PostClaimEnded { .. } => "post_claim_ended",
        }
    }
}

impl Matter for PostClaim {
    const KIND: &'static str = "post_claim";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = None;
    type Fact = ClaimFact;

    fn columns(&self) -> Columns {
        let open = self.status == ClaimStatus::Open;
        let slots =
            if open { vec![seat(self.member, self.seat), held(self.post, self.member)] } else { vec![] };
        Columns {
            parent: Some(self.post),
            parties: vec![("member", Holder::Person(self.member))],
            slots,
            ..Columns::new(self.status.name(), open, self.claimed_at)
        }
    }
}

/// One of the posts that a member may hold.
fn seat(member: UserId, number: u8) -> String {
    format!("post:{member}:{number}")
}

/// That a member holds a post.
fn held(post: Uuid, member: UserId) -> String {
    format!("post:{post}:{member}")
}

/// All that a member may have of posts, and of one post: what is taken of it must be known before they claim.
pub fn slots_of(post: Uuid, member: UserId, rules: PostRules) -> Vec<String> {
    (1..=rules.most).map(|number| seat(member, number)).chain([held(post, member)]).collect()
}

/// What a claim needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Claiming<'a> {
    /// The post's identity.
    pub id: Uuid,
    /// The post.
    pub post: &'a Post,
    /// Its community.
    pub at: &'a PlaceCode,
    /// Whether they checked in to it (认门报到).
    pub checked_in: bool,
    /// Which of [`slots_of`] are taken.
    pub taken: &'a [String],
    /// Of the county.
    pub rules: PostRules,
}

impl PostClaim {
    /// 认岗: by a member or volunteer who is granted that there, or a member who checked in to the community.
    ///
    /// # Errors
    /// [`MatterRefusal`], [`PostRefusal::Held`], [`PostRefusal::TooMany`].
    pub fn claim(
        services: &[String],
        actor: &Actor,
        claiming: &Claiming<'_>,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        let Claiming { id, post, at, checked_in, taken, rules } = *claiming;
        if !checked_in && !actor.is_granted_at(&CLAIMANTS, at) {
            return Err(MatterRefusal::BeyondScope.into());
        }
        post.must_be_open()?;
        // Whoever promises one twice promises one.
        let mut once = BTreeSet::new();
        let each = services.iter().map(|service| service.trim().to_owned());
        let services: Vec<_> = each.filter(|service| once.insert(service.clone())).collect();
        let [least, most] = rules.promises.map(usize::from);
        MatterRefusal::unless_so_many("/services", services.len(), (least, most))?;
        if services.iter().any(|service| !post.services.contains(service)) {
            return Err(
                MatterRefusal::Unknown { field: "/services", allowed: post.services.join("、") }.into()
            );
        }
        let member = actor.user;
        if taken.contains(&held(id, member)) {
            return Err(PostRefusal::Held.into());
        }
        let free = (1..=rules.most).find(|number| !taken.contains(&seat(member, *number)));
        let seat = free.ok_or(PostRefusal::TooMany { most: rules.most })?;
        let claim = Self {
            post: id,
            name: post.name.clone(),
            skills: post.skills.clone(),
            member,
            services,
            seat,
            claimed_at: now,
            ended_at: None,
            status: ClaimStatus::Open,
            closing: None,
        };
        Ok(Change::new(claim, ClaimFact::PostClaimed { post: id, member }))
    }

    /// 退岗: by the member, or by the community that set the post, who then tells the member.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn leave(
        &self,
        reason: Option<&Text>,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        let own = actor.user == self.member;
        if !own && !actor.does_at(Action::PostSet, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        if self.status != ClaimStatus::Open {
            return Err(MatterRefusal::Over { status: self.status.name() });
        }
        let status = if own { ClaimStatus::Left } else { ClaimStatus::Ended };
        Ok(self.ended(status, reason, now))
    }

    /// What becomes of it when its post is retired; nothing when it is over.
    ///
    /// # Errors
    /// [`MatterRefusal::Over`].
    pub fn end_with_its_post(&self, now: Timestamp) -> Result<Change<Self>, MatterRefusal> {
        match self.status {
            ClaimStatus::Open => Ok(self.ended(ClaimStatus::Ended, None, now)),
            status => Err(MatterRefusal::Over { status: status.name() }),
        }
    }

    /// 离岗, of a member from whom a role was taken: once they hold none that claims posts, or are neither granted one there
    /// nor checked in. `codes` are all that stand for the community: grants under one of before follow a little later.
    /// Nothing while they may hold it, and once it is over.
    pub fn end_without_role(
        &self,
        member: &Actor,
        codes: &[PlaceCode],
        checked_in: bool,
        now: Timestamp,
    ) -> Option<Change<Self>> {
        let claims = member.grants.iter().any(|grant| CLAIMANTS.contains(&grant.role));
        let there = || codes.iter().any(|at| member.is_granted_at(&CLAIMANTS, at));
        let may = claims && (checked_in || there());
        (self.status == ClaimStatus::Open && !may).then(|| self.ended(ClaimStatus::Ended, None, now))
    }

    fn ended(&self, status: ClaimStatus, reason: Option<&Text>, now: Timestamp) -> Change<Self> {
        let mut after = self.clone();
        let closing = reason.map(|reason| reason.reference);
        (after.status, after.ended_at, after.closing) = (status, Some(now), closing);
        let fact = match status {
            ClaimStatus::Left => ClaimFact::PostLeft { reason: closing },
            ClaimStatus::Open | ClaimStatus::Ended => ClaimFact::PostClaimEnded { reason: closing },
        };
        let member = Recipient::Person(self.member);
        Change::new(after, fact).with(reason.cloned()).telling(member, Notice::MatterDone)
    }
}
