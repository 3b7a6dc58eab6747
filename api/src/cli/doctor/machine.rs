//! What can be seen on this machine: settings, files, disk, limits.

use super::report::{Report, Status};
use crate::config::{MASTER_KEY_FILE, Reading, Settings};
use crate::wire::most_connections;
use infra::MasterKey;
use rustix::fs::{Access, StatVfs, access, statvfs};
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const MEGABYTE: u64 = 1 << 20;
const GIGABYTE: u64 = 1 << 30;
/// Less free space than this is a fault.
const SPACE_LEAST: u64 = 200 * MEGABYTE;
/// Less than this, or than a tenth of the whole, is said.
const SPACE_ENOUGH: u64 = 2 * GIGABYTE;

/// The master key, as far as it is there.
pub(super) enum Key {
    There(MasterKey),
    /// There is no file; the first start makes one.
    None(PathBuf),
    /// What is wrong with it has been said.
    Unusable,
}

pub(super) fn settings(reading: &Reading) -> Report {
    let (name, title) = ("settings", "设置");
    let mut report = Report::default();
    for fault in reading.faults.list() {
        report.fault(name, title, fault, "");
    }
    for remark in &reading.warnings {
        report.warn(name, title, remark, "");
    }
    for remark in reading.unknown_remarks() {
        let mend = "改正或删去这个变量；由 Kubernetes 加入的，可在 Pod 上设 enableServiceLinks: false";
        report.warn("settings.variables", title, remark, mend);
    }
    let from = match &reading.file {
        Some(path) => format!("文件 {} 和环境变量", path.display()),
        None => "环境变量，没有设置文件".to_owned(),
    };
    if reading.faults.list().is_empty() {
        report.ok(name, title, format!("可以读取（{from}）"));
    }
    if reading.settings.as_ref().is_some_and(|settings| settings.dev_login) {
        let mend = "除开发、演示外，请关闭 HUYING_DEV_LOGIN（server.dev_login）";
        report.warn("dev_login", "开发登录", "已打开：任何人都能冒充任何人", mend);
    }
    report
}

/// The directories and files that the server uses, and the master key in them.
pub(super) fn files(settings: &Settings) -> (Report, Key) {
    let mut report = Report::default();
    let database = settings.database();
    let file = database.file().map(Path::to_owned);
    let mut dirs = Vec::new();
    if settings.database.is_none() || settings.master_key.is_none() {
        dirs.push(settings.data_dir.clone());
    }
    if let Some(parent) = file.as_ref().and_then(|file| file.parent()) {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        if !dirs.iter().any(|dir| dir == parent) {
            dirs.push(parent.to_owned());
        }
    }
    let master_key = settings.master_key.is_none().then(|| settings.master_key_file());
    let beside = |end: &str| file.as_ref().map(|file| PathBuf::from(format!("{}{end}", file.display())));
    let ours = [file.clone(), beside("-wal"), beside("-shm")];
    let ours: Vec<_> = ours.into_iter().flatten().chain(master_key.clone()).collect();
    for dir in &dirs {
        directory(dir, &ours, &mut report);
    }
    let key = match (&settings.master_key, master_key) {
        (Some(key), _) => {
            report.ok("master_key", "主密钥", "已设置");
            Key::There(key.clone())
        }
        (None, Some(path)) => kept_key(&path, &mut report),
        (None, None) => Key::Unusable,
    };
    if let Some(file) = &file {
        disk(file.parent().filter(|dir| dir.exists()), &mut report);
    }
    (report, key)
}

/// Whether the current user can work in a directory with files of ours, and others cannot look into it.
fn directory(dir: &Path, ours: &[PathBuf], report: &mut Report) {
    let (name, title) = ("data_dir", "数据目录");
    let shown = dir.display();
    let about = match fs::metadata(dir) {
        Ok(about) if about.is_dir() => about,
        Ok(_) => return report.fault(name, title, format!("{shown} 不是目录"), "请核对 HUYING_DATA_DIR"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return report.skip(name, title, format!("{shown} 还没有，首次启动时建立"));
        }
        Err(error) => return report.fault(name, title, format!("{shown} 无法读取：{error}"), ""),
    };
    let as_server = "请用运行服务的用户执行，或用 chown 把目录和其中的文件交给它";
    if access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return report.fault(name, title, format!("当前用户不能读写 {shown}"), as_server);
    }
    let there: Vec<(&PathBuf, Metadata)> = ours
        .iter()
        .filter(|path| is_in(path, dir))
        .filter_map(|path| Some((path, fs::metadata(path).ok()?)))
        .collect();
    let worst = report.status();
    let mut seen = Vec::new();
    for (path, of) in &there {
        if access(*path, Access::READ_OK | Access::WRITE_OK).is_err() {
            report.fault(name, title, format!("当前用户不能读写 {}", path.display()), as_server);
        } else if of.uid() != about.uid() {
            let text = format!("{} 与所在目录的所有者不同，服务可能无法写入", path.display());
            report.warn(name, title, text, format!("请执行 chown --reference={shown} {}", path.display()));
        }
        if of.permissions().mode() & 0o004 != 0 && about.permissions().mode() & 0o001 != 0 {
            seen.push(path.display().to_string());
        }
    }
    if !seen.is_empty() {
        // With the master key everything can be read.
        let is_key = |path: &&PathBuf| path.file_name() == Some(MASTER_KEY_FILE.as_ref());
        let mended = format!("请执行 chmod 700 {shown}");
        let key = there.iter().map(|(path, _)| *path).find(is_key).map(|path| path.display().to_string());
        let status = if key.is_some_and(|key| seen.contains(&key)) { Status::Fault } else { Status::Warning };
        report.add((name, title), status, format!("其他用户可以读取 {}", seen.join("、")), mended);
    }
    if report.status() == worst {
        report.ok(name, title, format!("{shown} 可以读写"));
    }
}

fn is_in(path: &Path, dir: &Path) -> bool {
    path.parent() == Some(dir) || (dir == Path::new(".") && path.parent() == Some(Path::new("")))
}

/// The master key that lies in a file.
fn kept_key(path: &Path, report: &mut Report) -> Key {
    let (name, title) = ("master_key", "主密钥");
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Key::None(path.to_owned()),
        Err(error) => {
            report.fault(name, title, format!("{shown} 无法读取：{error}"), "请用运行服务的用户执行");
            return Key::Unusable;
        }
    };
    match MasterKey::parse(&text) {
        Ok(key) => {
            report.ok(name, title, format!("在 {shown}，请与数据库分开备份"));
            Key::There(key)
        }
        Err(error) => {
            report.fault(name, title, format!("{shown} 的内容已损坏：{error}"), "请从备份恢复这个文件");
            Key::Unusable
        }
    }
}

/// How much space there is where SQLite's file lies.
fn disk(dir: Option<&Path>, report: &mut Report) {
    let (name, title) = ("disk", "磁盘空间");
    let Some(dir) = dir else { return };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    match statvfs(dir) {
        Ok(StatVfs { f_bavail, f_blocks, f_frsize, .. }) => {
            let (free, all) = (f_bavail.saturating_mul(f_frsize), f_blocks.saturating_mul(f_frsize));
            let text = format!("{} 还剩 {}，共 {}", dir.display(), size(free), size(all));
            let mend = "请清理或扩容；写满后无法受理诉求";
            match space(free, all) {
                Space::Enough => report.ok(name, title, text),
                Space::Little => report.warn(name, title, text, mend),
                Space::None => report.fault(name, title, text, mend),
            }
        }
        Err(error) => report.warn(name, title, format!("{} 无法查看：{error}", dir.display()), ""),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Space {
    Enough,
    Little,
    None,
}

fn space(free: u64, all: u64) -> Space {
    match free {
        free if free < SPACE_LEAST => Space::None,
        free if free < SPACE_ENOUGH || free < all / 10 => Space::Little,
        _ => Space::Enough,
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes < 10 * GIGABYTE => format!("{} MB", bytes / MEGABYTE),
        bytes => format!("{} GB", bytes / GIGABYTE),
    }
}

/// Whether the system gives as many handles as there may be connections.
pub(super) fn limits(settings: &Settings) -> Report {
    let (name, title) = ("open_files", "打开文件数");
    let mut report = Report::default();
    let set = settings.max_connections;
    match most_connections() {
        Some(most) if most < set => {
            let text = format!("本会话的上限只够 {most} 个连接，设置为 {set} 个");
            let mend =
                format!("服务若也如此：把 LimitNOFILE（systemd）或 ulimit -Hn 提到 {} 以上", 2 * set + 128);
            report.warn(name, title, text, mend);
        }
        Some(_) | None => report.ok(name, title, format!("够 {set} 个连接用")),
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_enough_little_or_none() {
        for (free, all, told) in [
            (50 * GIGABYTE, 100 * GIGABYTE, Space::Enough),
            (9 * GIGABYTE, 100 * GIGABYTE, Space::Little),
            (GIGABYTE, 4 * GIGABYTE, Space::Little),
            (199 * MEGABYTE, GIGABYTE, Space::None),
            (0, 0, Space::None),
        ] {
            assert_eq!(space(free, all), told, "{free} of {all}");
        }
        assert_eq!((size(199 * MEGABYTE), size(50 * GIGABYTE)), ("199 MB".to_owned(), "50 GB".to_owned()));
    }
}
