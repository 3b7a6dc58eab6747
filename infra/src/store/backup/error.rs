//! How backing up and restoring fail, in words for the administrator.

use super::super::error::StoreError;
use crate::keys::KeyError;
use sea_orm::SqlxError;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there already.
    #[error("{} 已存在：请换个文件名，或加 --force 覆盖", .0.display())]
    Exists(PathBuf),
    /// The file's directory is not there.
    #[error("没有目录 {}", .0.display())]
    NoDirectory(PathBuf),
    /// A file cannot be read or written.
    #[error("无法读写 {}：{error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nothing to back up.
    #[error("这里没有呼应的数据：{0}")]
    Nothing(String),
    /// Not what a backup looks like.
    #[error("{} 不是 huying backup 写出的备份：{reason}", path.display())]
    NoBackup {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What was written is not what is there.
    #[error("备份已损坏，不能恢复：{0}")]
    Damaged(String),
    /// A layout that this program does not know.
    #[error("备份的格式是 {0}，这个程序只认识 {known}：请用更新的程序恢复", known = super::FORMAT)]
    UnknownFormat(u32),
    /// From the other database.
    #[error("备份来自 {backup}，不能恢复到 {here}：请检查 DATABASE_URL")]
    OtherBackend {
        /// Where it is from.
        backup: &'static str,
        /// Where it should go.
        here: &'static str,
    },
    /// The schema has migrations that this program does not.
    #[error("备份的数据库结构（{0}）比这个程序新：请用更新的程序恢复")]
    NewerSchema(String),
    /// The schema in PostgreSQL has another name.
    #[error("备份取自 schema {backup}，而这里用的是 {here}：请让两者同名")]
    OtherSchema {
        /// Its name there.
        backup: String,
        /// Its name here.
        here: String,
    },
    /// There is something already.
    #[error("不是空的，不能恢复到这里：{0}")]
    NotEmpty(String),
    /// The master key is another.
    #[error(
        "主密钥不是备份时的那一把：请把备份时的 master.key 放进数据目录（覆盖那里的），或用它设置 HUYING_MASTER_KEY"
    )]
    OtherMasterKey,
    /// A program of PostgreSQL is not there.
    #[error("找不到 {program}：请安装软件包 postgresql-client-{least}，或用 HUYING_PG_BIN 指出它所在的目录")]
    NoProgram {
        /// Which.
        program: &'static str,
        /// The oldest version that would do.
        least: u32,
    },
    /// A program of PostgreSQL is older than the server.
    #[error(
        "{program} 的版本 {found} 比需要的 {least} 旧：请安装软件包 postgresql-client-{least}，或用 HUYING_PG_BIN 指出新版所在的目录"
    )]
    OldProgram {
        /// Which.
        program: &'static str,
        /// Its version.
        found: u32,
        /// The oldest version that would do.
        least: u32,
    },
    /// The server is older than the one that the backup is from.
    #[error("备份来自 PostgreSQL {backup}，不能恢复到更旧的 {here}")]
    OldServer {
        /// Its version there.
        backup: u32,
        /// Its version here.
        here: u32,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} 失败：{said}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it said last.
        said: String,
    },
    /// What was restored is not what was backed up.
    #[error("恢复出来的与备份时不同：{0}")]
    Different(String),
    /// It was not restored, and what was loaded is still there.
    #[error(
        "恢复失败：{error}；已导入的表也没有能清除（{left}）。数据库里可能留有没有核对过的数据：不要在上面启动服务，请先删去这个数据库、重新建一个空的，再恢复"
    )]
    Left {
        /// What went wrong.
        error: String,
        /// And then.
        left: String,
    },
    /// Somebody wanted it to end.
    #[error("已中断")]
    Interrupted,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyError> for BackupError {
    fn from(error: KeyError) -> Self {
        Self::Store(error.into())
    }
}

impl From<SqlxError> for BackupError {
    fn from(error: SqlxError) -> Self {
        Self::Store(super::super::connect::connection(error))
    }
}

impl BackupError {
    /// A fault of a file.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }
}
