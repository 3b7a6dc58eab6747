//! What changed about who somebody is and what they may. These events are the audit trail of administration; they name
//! people by id and hold nothing personal.

use crate::actor::Scope;
use crate::id::{GrantId, UserId};
use crate::permission::Role;
use crate::text::TextRef;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which person events are stored.
pub const EVENT_VERSION: i16 = 1;

/// What happened to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Entered into the roster (建档).
    Registered,
    /// Their entry was changed (改档).
    Edited {
        /// Whether the name is another now.
        name: bool,
        /// Whether the phone number is another now.
        phone: bool,
    },
    /// What they can do, want to do and when they are free was written down anew (完善档案).
    Profiled,
    /// A role was granted (授权).
    Granted {
        /// Identity of the grant.
        grant: GrantId,
        /// The role.
        role: Role,
        /// For what.
        scope: Scope,
    },
    /// A role was taken back (撤权).
    Revoked {
        /// Identity of the grant.
        grant: GrantId,
        /// The role.
        role: Role,
        /// For what it was.
        scope: Scope,
    },
    /// Left the post (离岗): open tickets are handed over.
    Left {
        /// To whom; without one the desk dispatches them anew.
        successor: Option<UserId>,
        /// Why.
        reason: TextRef,
    },
    /// A password was set (设密码).
    PasswordSet,
    /// One-time codes were switched on or off (动态码).
    OtpSet {
        /// Whether they are asked for now.
        on: bool,
    },
    /// A phone number was bound (绑定手机).
    PhoneBound,
    /// The WeChat user turned out to be the person of this roster entry (并档).
    Joined {
        /// The roster entry.
        roster: UserId,
    },
    /// Signed out everywhere (全部退出).
    SignedOut,
    /// A refresh token came twice: its family ended (令牌重用).
    TokenReused,
    /// Somebody looked at their personal data (查看明文).
    Unmasked {
        /// Why.
        reason: TextRef,
    },
    /// They took a copy of all that is held on them (导出).
    Exported,
    /// Their personal data was erased (注销).
    Erased {
        /// Why, where somebody else did it.
        reason: Option<TextRef>,
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

    /// The text that it refers to.
    pub fn text(&self) -> Option<TextRef> {
        match self {
            Self::Unmasked { reason } | Self::Left { reason, .. } => Some(*reason),
            Self::Erased { reason } => *reason,
            Self::Registered
            | Self::Edited { .. }
            | Self::Profiled
            | Self::Granted { .. }
            | Self::Revoked { .. }
            | Self::PasswordSet
            | Self::OtpSet { .. }
            | Self::PhoneBound
            | Self::Joined { .. }
            | Self::SignedOut
            | Self::TokenReused
            | Self::Exported => None,
        }
    }
}
