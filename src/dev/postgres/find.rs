//! Looking for PostgreSQL's binaries on this machine.
//!
//! Order: `PG_BIN_DIR` (and then nothing else), `pg_config`, `PATH`, the folders that distributions install to with the
//! newest major first, and what npm fetched earlier. A candidate counts only if its `postgres --version` runs as the account
//! that will run the server, which settles closed folders and missing libraries at once, and says 14 or newer.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PostgresError;
use super::unprivileged::ServerUser;

const OLDEST_MAJOR: u32 = 14;

/// Folders whose entries (with this beginning) have a `bin` with the server in it.
const INSTALL_FOLDERS: [(&str, &str); 7] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
    ("/usr/local", "pgsql"),
];

/// A folder with a server that runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub bin: PathBuf,
    pub major: u32,
    /// Set for trees that find their own libraries only when told.
    libraries: Option<PathBuf>,
}

impl Binaries {
    /// A command of this installation, run by `user`, deaf to `PG...` variables that are meant for other servers.
    pub fn command(&self, program: &str, user: Option<ServerUser>) -> Command {
        command(&self.bin.join(program), self.libraries.as_deref(), user)
    }

    /// # Errors
    /// Why the binaries in `folder` cannot be used, in words.
    pub fn probe(folder: &Path, user: Option<ServerUser>) -> Result<Self, String> {
        let named = |problem: &dyn std::fmt::Display| format!("{}: {problem}", folder.display());
        // A link in a folder of links: `share` is found beside the real file.
        let server = fs::canonicalize(folder.join("postgres")).map_err(|error| named(&error))?;
        let bin = server.parent().ok_or_else(|| named(&"no folder"))?.to_owned();
        if !bin.join("initdb").is_file() {
            return Err(named(&"has no initdb"));
        }
        let beside = bin.join("../lib");
        let mut problem = String::new();
        for libraries in [None, Some(beside)] {
            match version(&server, libraries.as_deref(), user) {
                Ok(major) if major >= OLDEST_MAJOR => return Ok(Self { bin, major, libraries }),
                Ok(major) => return Err(named(&format!("is version {major}"))),
                Err(error) => problem = error,
            }
        }
        Err(named(&problem))
    }
}

/// The first installation that runs, preferring one of the major version that the data already have.
///
/// # Errors
/// `PG_BIN_DIR` is set to something that does not run. Where nothing was found, the inner error lists what was tried.
pub fn find(fetched: &Path, made_by: Option<u32>, user: Option<ServerUser>) -> Result<Result<Binaries, Vec<String>>, PostgresError> {
    if let Some(named) = env::var_os("PG_BIN_DIR") {
        return Binaries::probe(Path::new(&named), user).map(Ok).map_err(|problem| PostgresError::BinDir { problem });
    }
    let mut tried = Vec::new();
    let mut first = None;
    for folder in candidates(fetched) {
        match Binaries::probe(&folder, user) {
            Ok(binaries) if made_by.is_none_or(|made_by| made_by == binaries.major) => return Ok(Ok(binaries)),
            Ok(binaries) => first = first.or(Some(binaries)),
            Err(problem) => tried.push(problem),
        }
    }
    Ok(first.ok_or(tried))
}

/// Folders that hold a `postgres`, likeliest first.
fn candidates(fetched: &Path) -> Vec<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok();
    let told = told.filter(|output| output.status.success()).map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = env::var_os("PATH").unwrap_or_default();
    let known = INSTALL_FOLDERS.iter().flat_map(|(folder, beginning)| newest_first(Path::new(folder), beginning));

    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in told.into_iter().chain(env::split_paths(&path)).chain(known).chain([fetched.to_owned()]) {
        if folder.join("postgres").is_file() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// `<folder>/<beginning>*/bin`, by the number in the name.
fn newest_first(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut versions: Vec<(u32, OsString)> = names
        .filter(|name| name.to_string_lossy().starts_with(beginning))
        .map(|name| (leading_number(name.to_string_lossy().trim_start_matches(|c: char| !c.is_ascii_digit())).unwrap_or(0), name))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, name)| folder.join(name).join("bin")).collect()
}

fn version(server: &Path, libraries: Option<&Path>, user: Option<ServerUser>) -> Result<u32, String> {
    let output = command(server, libraries, user).arg("--version").output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    major(&said).ok_or_else(|| format!("says it is {:?}", said.trim()))
}

/// `postgres (PostgreSQL) 15.18 (Debian ...)` is 15, `postgres (PostgreSQL) 18beta1` is 18.
fn major(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(leading_number)
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn command(program: &Path, libraries: Option<&Path>, user: Option<ServerUser>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    // "/": our own folder may be closed to that account. LC_ALL: macOS' server wants one.
    command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
    if let Some(libraries) = libraries {
        command.env(if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" }, libraries);
    }
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with an `initdb` and a `postgres` that does what the script says.
    fn installation(folder: &Path, script: &str) {
        fs::create_dir_all(folder).unwrap();
        for (name, text) in [("postgres", script), ("initdb", "exit 0")] {
            fs::write(folder.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) devel"), None);
    }

    #[test]
    fn the_newest_major_comes_first_by_number_and_not_by_letters() {
        let top = tempfile::tempdir().unwrap();
        for name in ["postgresql@9", "postgresql@17", "postgresql@14", "redis"] {
            fs::create_dir(top.path().join(name)).unwrap();
        }
        let found = newest_first(top.path(), "postgresql");
        assert_eq!(found, ["postgresql@17", "postgresql@14", "postgresql@9"].map(|name| top.path().join(name).join("bin")));
    }

    #[test]
    fn a_server_that_is_old_or_does_not_run_is_passed_over_with_the_reason() {
        let top = tempfile::tempdir().unwrap();
        installation(top.path(), "echo 'postgres (PostgreSQL) 13.9'");
        assert!(Binaries::probe(top.path(), None).unwrap_err().ends_with("is version 13"));

        installation(top.path(), "echo 'libc is too old' >&2; exit 1");
        assert!(Binaries::probe(top.path(), None).unwrap_err().ends_with("libc is too old"));
    }

    #[test]
    fn a_tree_that_needs_its_own_libraries_is_told_where_they_are() {
        let top = tempfile::tempdir().unwrap();
        let bin = top.path().join("bin");
        installation(&bin, "case $LD_LIBRARY_PATH$DYLD_LIBRARY_PATH in */bin/../lib) echo 'postgres (PostgreSQL) 18.4';; *) exit 127;; esac");
        let found = Binaries::probe(&bin, None).unwrap();
        assert_eq!((found.major, found.libraries), (18, Some(found.bin.join("../lib"))));
    }

    #[test]
    fn a_link_leads_to_the_real_folder() {
        let top = tempfile::tempdir().unwrap();
        let (real, links) = (top.path().join("real"), top.path().join("links"));
        installation(&real, "echo 'postgres (PostgreSQL) 17.1'");
        fs::create_dir(&links).unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), links.join("postgres")).unwrap();
        assert_eq!(Binaries::probe(&links, None).unwrap().bin, real.canonicalize().unwrap());
    }
}
