//! Import (导入): a county's places, units, people and ties from the spreadsheets that it has. A row that cannot be taken is
//! a [`Fault`]; all of them are told at once, and nothing is taken while there is one.

use crate::refusal::{Args, Refusal};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a sheet is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Subject {
    /// 地点.
    Places,
    /// 单位.
    Units,
    /// 人员.
    People,
    /// 关系.
    Ties,
}

impl Subject {
    /// The word in URLs and on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What people call it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Places => "地点",
            Self::Units => "单位",
            Self::People => "人员",
            Self::Ties => "关系",
        }
    }
}

/// The kind of event that says that a sheet with personal data was taken home.
pub const EXPORTED: &str = "sheet_exported";

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The row, as Excel shows it.
    pub row: u32,
    /// The key of the column, where it is one.
    pub column: Option<&'static str>,
    /// Why.
    pub refusal: Refusal,
}

impl Fault {
    /// Why a cell is not taken.
    pub fn at(row: u32, column: &'static str, refusal: impl Into<Refusal>) -> Self {
        Self { row, column: Some(column), refusal: refusal.into() }
    }
}

/// What came of an import, or would come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Rows of the sheet.
    pub rows: u64,
    /// What was not there before: places, units, people or ties.
    pub added: u64,
    /// What was there and is another now.
    pub changed: u64,
    /// What was there as the sheet says.
    pub unchanged: u64,
}

/// Why a row, or a sheet, is not taken, beside what the rules of places, units, people and ties say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// None of that id, or another's.
    #[error("no such import")]
    NotFound,
    /// Another row says the same.
    #[error("the same as row {row}")]
    Twice {
        /// Which.
        row: u32,
    },
    /// Another row has another name for the same phone number.
    #[error("row {row} has another name")]
    NameDiffers {
        /// Which.
        row: u32,
    },
    /// Another row says something else of what the same person can do, wants to do, or when they are free.
    #[error("row {row} has another profile")]
    ProfileDiffers {
        /// Which.
        row: u32,
    },
    /// The sheet is of another county.
    #[error("of another county")]
    OtherCounty,
    /// Nothing lies above it.
    #[error("nothing lies above")]
    NothingAbove {
        /// The code of what is missing.
        parent: String,
    },
    /// A role needs to be for something, and for one thing.
    #[error("a role is for places or for a unit")]
    RoleIncomplete,
    /// Several units are called so.
    #[error("{count} units are called so")]
    Ambiguous {
        /// How many.
        count: usize,
    },
    /// Somebody of another county, or a unit there, has this phone number.
    #[error("the phone number is somebody's elsewhere")]
    PhoneElsewhere,
    /// None of the words that are allowed.
    #[error("not one of the words")]
    NotAWord {
        /// Those.
        allowed: String,
    },
    /// Still at work.
    #[error("not done yet")]
    NotDone,
    /// Nothing was wrong with the sheet.
    #[error("nothing was wrong")]
    NothingMarked,
}

impl ImportRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "import.not_found",
            Self::Twice { .. } => "import.twice",
            Self::NameDiffers { .. } => "import.name_differs",
            Self::ProfileDiffers { .. } => "import.profile_differs",
            Self::OtherCounty => "import.other_county",
            Self::NothingAbove { .. } => "import.nothing_above",
            Self::RoleIncomplete => "import.role_incomplete",
            Self::Ambiguous { .. } => "import.ambiguous",
            Self::PhoneElsewhere => "import.phone_elsewhere",
            Self::NotAWord { .. } => "import.not_a_word",
            Self::NotDone => "import.not_done",
            Self::NothingMarked => "import.nothing_marked",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Twice { row } | Self::NameDiffers { row } | Self::ProfileDiffers { row } => {
                vec![("row", row.to_string())]
            }
            Self::NothingAbove { parent } => vec![("parent", parent.clone())],
            Self::Ambiguous { count } => vec![("count", count.to_string())],
            Self::NotAWord { allowed } => vec![("allowed", allowed.clone())],
            Self::NotFound
            | Self::OtherCounty
            | Self::RoleIncomplete
            | Self::PhoneElsewhere
            | Self::NotDone
            | Self::NothingMarked => vec![],
        }
    }
}
