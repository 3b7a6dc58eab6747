//! The words of tickets: each a list that columns, wire and playbooks share.

use crate::permission::Role;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, EnumIter, EnumString, IntoStaticStr};

macro_rules! vocabulary {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumCount, EnumIter, EnumString, IntoStaticStr)]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// The word on the wire and in columns.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    )*};
}

impl Status {
    /// Whether somebody still has to do something before it is resolved.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::Dispatched | Self::Accepted)
    }
}

vocabulary! {
    /// How far a ticket has come (状态).
    Status {
        /// 待派单.
        Submitted,
        /// 待接单.
        Dispatched,
        /// 办理中.
        Accepted,
        /// 待评价.
        Resolved,
        /// 已结单.
        Closed,
        /// 已撤单: by its requester.
        Withdrawn,
        /// 不予受理: by whoever dispatches.
        Declined,
        /// 已并单: into another, which its requesters follow from then on.
        Merged,
    }
    /// How fast it must go (轻重), graded by whoever dispatches.
    Severity {
        /// 小问题.
        Small,
        /// 大问题.
        Large,
        /// 特殊复杂问题.
        Complex,
    }
    /// Who is to deal with it (三事): practices L04, M02.
    Affair {
        /// 公家事、大事.
        Public,
        /// 大家事、小事.
        Shared,
        /// 自家事、私事.
        Private,
    }
    /// How it is to be handled (办理方式): practices Q02.
    Handling {
        /// 即办件: on the spot.
        Immediate,
        /// 待办件: in time.
        Pending,
        /// 上报件: by those above.
        Escalated,
        /// 建议件: a proposal.
        Suggestion,
        /// 重办件: once more.
        Redo,
    }
    /// The way it came in (渠道): practices L01.
    Channel {
        /// 小程序.
        MiniProgram,
        /// 热线.
        Hotline,
        /// 微信、QQ 等群聊.
        Chat,
        /// 入户问需.
        HomeVisit,
        /// 群众会.
        MassMeeting,
        /// 居民代表大会.
        DelegatesMeeting,
        /// 征集日.
        CollectionDay,
        /// 意见箱.
        SuggestionBox,
    }
    /// Whom a clock tells that it is about to ring or has rung (提醒对象).
    Audience {
        /// 诉求人: who raised it, and who joined by a merge.
        Requester,
        /// 办理人: who handles it, else whom it was dispatched to.
        Handler,
        /// 协办.
        Assist,
        /// 派单席: who dispatches at the place that decides next.
        Desk,
        /// 派单人.
        Dispatcher,
        /// 督办人.
        Supervisor,
        /// 值班: whoever is on duty for the place.
        Duty,
        /// 被呼叫单位: the units that were called and have not reported in.
        Called,
        /// 吹哨人: who blew the whistle last.
        Whistler,
        /// 首问负责人, while nobody has accepted it.
        FirstAsked,
        /// 网格长: who leads the grid of its place, or the nearest above that has one.
        GridLeader,
        /// 居民代表: who watches the work.
        Delegate,
    }
    /// Whose opinion of a unit that was called counts (评价主体): practices M04, Z10.
    Appraiser {
        /// 社区.
        Community,
        /// 街道（乡镇）.
        Street,
    }
    /// Whose problem it is (共性、个性): practices L01.
    Commonality {
        /// 共性: that of many.
        Shared,
        /// 个性: that of one.
        Individual,
    }
    /// What the handling came to (办理结果).
    Outcome {
        /// 已解决.
        Solved,
        /// 已解释.
        Explained,
        /// 暂无法解决.
        Unsolvable,
        /// 引导自行解决: they were shown who helps (practices M02).
        Guided,
    }
    /// By what means it is to be done (办理途径): practices Q06.
    Means {
        /// 自办: by whoever has it.
        Own,
        /// 招标: by whom a tender finds.
        Tender,
        /// 联办: with those who assist.
        Joint,
    }
    /// To whom somebody with an affair of their own is guided (引导去处): practices M02.
    ReferTo {
        /// 自己解决.
        SelfHelp,
        /// 互助: 互助站、公益站、联络站.
        MutualHelp,
        /// 市场.
        Market,
    }
    /// What the requester thinks of it (满意度).
    Satisfaction {
        /// 满意.
        Satisfied,
        /// 基本满意.
        FairlySatisfied,
        /// 不满意: it is done again.
        Dissatisfied,
    }
}

impl Appraiser {
    /// Who speaks for it.
    pub fn role(self) -> Role {
        match self {
            Self::Community => Role::CommunityClerk,
            Self::Street => Role::StreetDispatcher,
        }
    }
}

impl Audience {
    /// Whether programs of before event version 5 do not know the word.
    pub(super) fn is_new(self) -> bool {
        matches!(self, Self::Called | Self::Whistler | Self::FirstAsked | Self::GridLeader | Self::Delegate)
    }
}
