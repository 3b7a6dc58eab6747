//! What the sheets of a county look like: their columns, in Chinese, and how to fill them in.

use domain::import::Subject;
use domain::permission::Role;
use domain::person::{MAX_FREE, MAX_PLACES, MAX_WORD, MAX_WORDS};
use domain::playbook::Playbook;
use domain::tie::{self, TieKind};
use domain::unit::UnitKind;
use domain::{place, text, unit};
use infra::sheet::{Column, Kind, Layout};
use strum::IntoEnumIterator;

/// The sheet of a subject; with what only one county says, where it is known.
pub(crate) fn layout(subject: Subject, playbook: Option<&Playbook>) -> Layout {
    let (columns, examples) = match subject {
        Subject::Places => places(),
        Subject::Units => units(),
        Subject::People => people(),
        Subject::Ties => ties(playbook),
    };
    Layout { name: subject.chinese(), columns, examples }
}

type Sheet = (Vec<Column>, Vec<Vec<&'static str>>);

fn places() -> Sheet {
    let columns = vec![
        Column {
            required: true,
            note: "县 6 位、街道（乡镇）9 位、社区（村）12 位，再往下按规程；含上级编码。上级可写在后面的行",
            width: 26,
            max: 24,
            ..Column::new("code", "编码", Kind::Code)
        },
        Column {
            required: true,
            note: "编码已有的，按此更名",
            width: 30,
            max: place::MAX_NAME,
            ..Column::new("name", "名称", Kind::Text)
        },
    ];
    (columns, vec![vec!["532504001007", "温泉社区"], vec!["532504001007003", "温泉小区"]])
}

fn units() -> Sheet {
    let columns = vec![
        Column {
            required: true,
            note: "没有编号的，按名称认定是否已有",
            width: 34,
            max: unit::MAX_NAME,
            ..Column::new("name", "单位名称", Kind::Text)
        },
        Column {
            required: true,
            choices: UnitKind::iter().map(|kind| kind.chinese().to_owned()).collect(),
            width: 16,
            max: 12,
            ..Column::new("kind", "类别", Kind::Text)
        },
        Column {
            note: "统一社会信用代码，或县里的编号；本县唯一",
            width: 24,
            max: unit::MAX_CODE,
            ..Column::new("code", "编号", Kind::Code)
        },
        Column {
            note: "单位所属的地点，在本县",
            width: 20,
            max: 24,
            ..Column::new("seat", "属地编码", Kind::Code)
        },
    ];
    let examples = vec![
        vec!["市水务局", "部门", "11532504MB0000001X", ""],
        vec!["温泉社区大党委", "大党委", "", "532504001007"],
    ];
    (columns, examples)
}

fn people() -> Sheet {
    // Everybody is a resident, and machines are no people.
    let granted = Role::iter().filter(|role| !matches!(role, Role::Resident | Role::Hotline));
    let columns = vec![
        Column {
            required: true, width: 14, max: text::MAX_NAME, ..Column::new("name", "姓名", Kind::Text)
        },
        Column {
            required: true,
            note: "按手机号认定是否已有；一人多职的，写多行",
            width: 18,
            max: 20,
            ..Column::new("phone", "手机号", Kind::Code)
        },
        Column {
            note: "不填则只建档",
            choices: granted.map(|role| role.chinese().to_owned()).collect(),
            width: 16,
            max: 12,
            ..Column::new("role", "角色", Kind::Text)
        },
        Column {
            note: "授权的地点，含其下各级；与单位填且只填一个",
            several: true,
            width: 30,
            max: (24 + 1) * MAX_PLACES,
            ..Column::new("places", "地点编码", Kind::Code)
        },
        Column {
            note: "授权的单位：编号或名称",
            width: 26,
            max: unit::MAX_NAME,
            ..Column::new("unit", "单位", Kind::Text)
        },
        Column {
            note: "一人多行的，填一行即可；不填则不变",
            several: true,
            width: 24,
            max: (MAX_WORD + 1) * MAX_WORDS,
            ..Column::new("skills", "技能", Kind::Text)
        },
        Column {
            note: "愿意做什么；不填则不变",
            several: true,
            width: 24,
            max: (MAX_WORD + 1) * MAX_WORDS,
            ..Column::new("wishes", "服务意愿", Kind::Text)
        },
        Column {
            note: "如 周六09:00-12:00；不填则不变",
            several: true,
            width: 30,
            max: 14 * MAX_FREE,
            ..Column::new("free", "空闲时段", Kind::Text)
        },
    ];
    let examples = vec![
        vec![
            "王小二",
            "13812345678",
            "网格员",
            "532504001007003、532504001007004",
            "",
            "电工、驾驶",
            "助老",
            "周六09:00-12:00",
        ],
        vec!["李四", "13912345678", "单位经办人", "", "市水务局", "", "", ""],
    ];
    (columns, examples)
}

fn ties(playbook: Option<&Playbook>) -> Sheet {
    let kinds = TieKind::iter().filter(|kind| *kind != TieKind::CheckedIn);
    let lines = playbook.iter().flat_map(|playbook| &playbook.lines);
    let columns = vec![
        Column {
            required: true,
            note: "包保、挂联：人员→地点；结对、管理：单位→地点；成员：人员或单位→单位；隶属：单位→上级单位",
            choices: kinds.map(|kind| kind.chinese().to_owned()).collect(),
            width: 12,
            max: 8,
            ..Column::new("kind", "类别", Kind::Text)
        },
        Column {
            note: "人员的手机号，须已建档；与单位填且只填一个",
            width: 18,
            max: 20,
            ..Column::new("phone", "人员手机号", Kind::Code)
        },
        Column {
            note: "单位的编号或名称，须已建立",
            width: 26,
            max: unit::MAX_NAME,
            ..Column::new("unit", "单位", Kind::Text)
        },
        Column {
            note: "与所属单位填且只填一个",
            width: 20,
            max: 24,
            ..Column::new("place", "地点编码", Kind::Code)
        },
        Column {
            note: "所加入、所隶属的单位：编号或名称",
            width: 26,
            max: unit::MAX_NAME,
            ..Column::new("of", "所属单位", Kind::Text)
        },
        Column {
            note: "只用于包保：一地一条线只有一个责任人或单位",
            choices: lines.map(|line| line.name.clone()).collect(),
            width: 12,
            max: 30,
            ..Column::new("line", "条线", Kind::Text)
        },
        Column {
            note: "如党员楼栋长、包保县领导",
            width: 18,
            max: tie::MAX_POST,
            ..Column::new("post", "职务", Kind::Text)
        },
        Column { note: "不填为今天", width: 14, max: 10, ..Column::new("since", "自", Kind::Date) },
        Column {
            note: "最后一天；已有的关系填此即解除",
            width: 14,
            max: 10,
            ..Column::new("until", "至", Kind::Date)
        },
    ];
    let examples = vec![
        vec!["包保", "13812345678", "", "532504001007", "", "", "包保县领导", "2026-11-01", ""],
        vec!["成员", "", "市水务局", "", "温泉社区大党委", "", "成员单位", "2026-11-01", ""],
    ];
    (columns, examples)
}
