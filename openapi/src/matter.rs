//! What matters of all kinds have in common on the wire.

use crate::Lang;
use crate::tie::{TiedPlace, TiedTo};
use domain::matter::MatterView;
use domain::phone::mask_name;
use domain::tie::Holder;

/// What the audit trail calls what happened to matters: word, Chinese, English.
const FACTS: &[(&str, &str, &str)] = &[
    ("key_task_set", "设立重点任务", "Key task set"),
    ("key_task_reported", "报告重点任务进展", "Key task reported on"),
    ("key_task_report_missed", "重点任务逾期未报", "No report on a key task"),
    ("key_task_done", "重点任务销号", "Key task done"),
    ("post_set", "设立岗位", "Post set"),
    ("post_retired", "撤销岗位", "Post retired"),
    ("post_claimed", "认岗", "Post claimed"),
    ("post_left", "退岗", "Post left"),
    ("post_claim_ended", "离岗（岗位）", "Claim of a post ended"),
    ("post_need_set", "提出岗位需求", "What a post needs listed"),
    ("post_need_taken", "对单接任务", "What a post needs taken"),
    ("post_need_done", "完成岗位任务", "What a post needs done"),
    ("post_need_withdrawn", "撤回岗位需求", "What a post needs withdrawn"),
    ("promise_stated", "承诺", "Promise stated"),
    ("promise_kept", "践诺", "Promise kept"),
    ("promise_questioned", "退回践诺", "Keeping of a promise questioned"),
    ("promise_withdrawn", "撤回承诺", "Promise withdrawn"),
    ("promise_late", "逾期未践诺", "Promise not kept in time"),
    ("key_task_dropped", "撤销重点任务", "Key task dropped"),
    ("admission_asked", "申请社区事务准入", "Something asked of a community"),
    ("admission_reported", "上报未经准入的事务", "Task without admission reported"),
    ("admission_decided", "审批社区事务准入", "Admission decided on"),
    ("admission_ended", "社区事务准入到期", "Admission over"),
    ("burden_entered", "登记社区负担", "Burden entered"),
    ("burden_reduced", "精简社区负担", "Burden reduced"),
    ("estate_set", "确定小区管理方式", "Mode of an estate set"),
    ("power_used", "行使五项权力", "Power of the street used"),
    ("power_outcome", "记录五项权力行使结果", "Outcome of a power recorded"),
    ("duty_planned", "排定履职", "Duty planned"),
    ("duty_reminded", "提醒履职", "Reminded of a duty"),
    ("duty_recorded", "履职", "Duty done"),
    ("duty_missed", "未履职", "Duty missed"),
    ("duty_dropped", "取消履职", "Duty dropped"),
    ("patrol_begun", "开始巡查", "Patrol begun"),
    ("patrol_tracked", "上传巡查轨迹", "Way of a patrol added"),
    ("patrol_found", "巡查发现", "Found on patrol"),
    ("patrol_ended", "结束巡查", "Patrol ended"),
    ("errand_asked", "申请代办", "Errand asked for"),
    ("errand_taken", "接办", "Errand taken"),
    ("errand_taken_over", "接替代办", "Errand taken over"),
    ("errand_papers_taken", "交接材料", "Papers handed over"),
    ("errand_reported", "代办进展", "Errand reported on"),
    ("errand_papers_returned", "归还材料", "Papers handed back"),
    ("errand_done", "代办完成", "Errand done"),
    ("errand_closed", "代办结束", "Errand closed"),
    ("errand_cancelled", "取消代办", "Errand cancelled"),
    ("booked", "预约", "Booked"),
    ("booking_reminded", "预约提醒", "Reminded of a booking"),
    ("booking_served", "预约办理", "Booking served"),
    ("booking_no_show", "预约未到", "Booked and did not come"),
    ("booking_cancelled", "取消预约", "Booking cancelled"),
    (domain::photo::ADDED, "上传照片", "Photo added"),
    ("appeal_made", "提出考核申诉", "Appeal made"),
    ("appeal_upheld", "准予剔除", "Appeal upheld"),
    ("appeal_refused", "不予剔除", "Appeal refused"),
    ("appeal_carried_out", "已剔除", "Left out of the figures"),
    ("mediation_begun", "开始调解", "Mediation begun"),
    ("mediation_session", "召开调解会", "Mediation held"),
    ("mediation_handed_up", "调解移交上级", "Mediation handed up"),
    ("mediation_agreed", "拟定调解协议", "Agreement written"),
    ("mediation_signed", "调解协议签字", "Agreement signed"),
    ("mediation_guided", "调解期满引导诉讼", "Parties guided to the court"),
    ("mediation_guidance_recorded", "记录引导诉讼", "Guidance recorded"),
    ("mediation_ended", "调解随工单结束", "Mediation ended with its ticket"),
];

/// How matters stand, in a refusal that does not say of what kind they are: word, Chinese, English. What is called differently
/// from kind to kind has the word that fits all.
const STATUSES: &[(&str, &str, &str)] = &[
    ("open", "进行中", "open"),
    ("planned", "待履职", "planned"),
    ("asked", "待接办", "asked for"),
    ("pending", "待审批", "pending"),
    ("reported", "未经准入，已上报", "reported"),
    ("taken", "办理中", "taken"),
    ("booked", "已预约", "booked"),
    ("served", "已办理", "served"),
    ("no_show", "未到", "did not come"),
    ("under_way", "巡查中", "under way"),
    ("agreed", "待签字", "to be signed"),
    ("done", "已完成", "done"),
    ("late", "已逾期", "late"),
    ("missed", "未履职", "missed"),
    ("dropped", "已取消", "dropped"),
    ("cancelled", "已取消", "cancelled"),
    ("closed", "已办结", "closed"),
    ("kept", "已践诺", "kept"),
    ("kept_late", "逾期践诺", "kept late"),
    ("withdrawn", "已撤回", "withdrawn"),
    ("settled", "已达成协议", "settled"),
    ("guided", "已引导诉讼", "guided to the court"),
    ("upheld", "准予剔除", "upheld"),
    ("admitted", "已准入", "admitted"),
    ("refused", "不予同意", "refused"),
    ("lapsed", "逾期未批", "lapsed"),
    ("retired", "已撤销", "retired"),
    ("left", "已退岗", "left"),
    ("ended", "已结束", "ended"),
    ("there", "在册", "there"),
    ("reduced", "已精简", "reduced"),
    ("used", "已行使", "used"),
    ("adopted", "已采纳", "adopted"),
    ("rejected", "未采纳", "rejected"),
];

/// How a matter stands, for people; `None` for a word that is none of theirs.
pub(crate) fn status(word: &str, lang: Lang) -> Option<&'static str> {
    let (_, chinese, english) = STATUSES.iter().find(|(known, ..)| *known == word)?;
    Some(lang.of(chinese, english))
}

/// What the audit trail calls an event of a matter; `None` for one that is none.
pub fn audited(kind: &str, lang: Lang) -> Option<&'static str> {
    let (_, chinese, english) = FACTS.iter().find(|(word, ..)| *word == kind)?;
    Some(lang.of(chinese, english))
}

/// Where a matter belongs.
pub fn place<M>(view: &MatterView<M>) -> TiedPlace {
    TiedPlace { code: view.place.code.to_string(), name: view.place_name.clone() }
}

/// Somebody in full, or as those see them who need not know the name.
pub fn masked_unless(known: bool, who: TiedTo) -> TiedTo {
    if known { who } else { TiedTo { name: mask_name(&who.name), ..who } }
}

/// Somebody or some unit whom a matter concerns.
pub fn named<M>(view: &MatterView<M>, who: Holder) -> TiedTo {
    let id = match who {
        Holder::Person(person) => person.0,
        Holder::Unit(unit) => unit.0,
    };
    TiedTo { id, name: view.name(who).to_owned() }
}
