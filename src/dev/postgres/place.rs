//! Where a cluster lives: its data, its socket, its log, its locks.
//!
//! Usually all in the folder that was asked for. Two things force us out of it: a folder above that is closed to the account
//! that runs Postgres, and a path too long for a unix socket. Then a folder under the system's temporary folder, named by a
//! hash of the path, takes its place. Anybody may make folders there, so one that is not ours is refused.

use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PostgresError;
use super::unprivileged::{ServerUser, closed_on_the_way};

/// What fits in a socket's address on every system (103 bytes on macOS, 107 on Linux) less `/.s.PGSQL.5432`.
const LONGEST_SOCKET_FOLDER: usize = 103 - "/.s.PGSQL.5432".len();

const UNFINISHED: &str = "pgdata.new-";

/// The folders and files of one cluster, and the account that runs its server.
#[derive(Debug, Clone)]
pub struct Place {
    pub home: PathBuf,
    pub sockets: PathBuf,
    pub user: Option<ServerUser>,
}

impl Place {
    /// Makes the folders, owned as Postgres wants them.
    ///
    /// # Errors
    /// A folder cannot be made, or one that we would have to use is somebody else's.
    pub fn prepare(folder: &Path, user: Option<ServerUser>) -> Result<Self, PostgresError> {
        fs::create_dir_all(folder).map_err(PostgresError::file("make", folder))?;
        let asked = fs::canonicalize(folder).map_err(PostgresError::file("find", folder))?;
        let home = match closed_on_the_way(&asked, user)? {
            None => asked,
            Some(closed) => {
                let stand_in = temporary_folder(&asked, user)?;
                let instead = stand_in.display();
                tracing::info!(closed = %closed.display(), %instead, "Postgres may not enter this folder, its data are kept elsewhere");
                own_folder(&stand_in, 0o711, None)?;
                stand_in
            }
        };
        let sockets = match home.join("run") {
            inside if inside.as_os_str().len() <= LONGEST_SOCKET_FOLDER => inside,
            too_long => temporary_folder(&too_long, user)?,
        };
        if sockets.as_os_str().len() > LONGEST_SOCKET_FOLDER {
            return Err(PostgresError::TemporaryFolder { path: sockets, problem: "its path is too long for a unix socket" });
        }
        own_folder(&sockets, 0o700, user)?;
        Ok(Self { home, sockets, user })
    }

    pub fn data(&self) -> PathBuf {
        self.home.join("pgdata")
    }

    /// Where `initdb` works until it is done. An `initdb` whose caller was killed goes on for a moment: never in the same folder.
    pub fn unfinished_data(&self) -> PathBuf {
        self.home.join(format!("{UNFINISHED}{}", std::process::id()))
    }

    /// What interrupted calls of `initdb` left.
    pub fn left_unfinished(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.home).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)).map(|entry| entry.path()).collect()
    }

    pub fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// The server's own mark beside its socket. It names a process, too.
    pub fn socket_lock(&self) -> PathBuf {
        self.sockets.join(".s.PGSQL.5432.lock")
    }

    pub fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// Held shared by everyone who uses the server, and alone by the one who stops it.
    pub fn users_lock(&self) -> PathBuf {
        self.home.join("users.lock")
    }

    /// Held by the one who is starting the server.
    pub fn start_lock(&self) -> PathBuf {
        self.home.join("start.lock")
    }

    /// Held by the process that waits to stop the server.
    pub fn keeper_lock(&self) -> PathBuf {
        self.home.join("keeper.lock")
    }

    pub fn npm(&self) -> PathBuf {
        self.home.join("npm")
    }
}

/// The same path for the same folder, today and tomorrow.
fn temporary_folder(for_folder: &Path, user: Option<ServerUser>) -> Result<PathBuf, PostgresError> {
    let temp = std::env::temp_dir();
    let temp = fs::canonicalize(&temp).map_err(PostgresError::file("find", &temp))?;
    if closed_on_the_way(&temp, user)?.is_some() {
        return Err(PostgresError::TemporaryFolder { path: temp, problem: "Postgres may not enter it" });
    }
    let hash = hex::encode(Sha256::digest(for_folder.as_os_str().as_bytes()));
    Ok(temp.join(format!("lever-integration-{}", &hash[..12])))
}

/// Makes `path` for this account (ourselves if `None`); one that exists must be a real folder, be theirs, and be closed to others' writing.
///
/// # Errors
/// It cannot be made, or is not what it must be.
pub fn own_folder(path: &Path, mode: u32, user: Option<ServerUser>) -> Result<(), PostgresError> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => {
            if let Some(user) = user {
                std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid)).map_err(PostgresError::file("hand over", path))?;
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(PostgresError::file("make", path)(error)),
    }
    let found = fs::symlink_metadata(path).map_err(PostgresError::file("read", path))?;
    let owner = user.map_or_else(|| rustix::process::geteuid().as_raw(), |user| user.uid);
    if !found.is_dir() || found.uid() != owner || found.mode() & 0o022 != 0 {
        return Err(PostgresError::ForeignFolder { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket_folder_and_always_the_same() {
        let top = tempfile::tempdir().unwrap();
        let deep = top.path().join("a-folder-with-a-rather-long-name".repeat(4));

        let place = Place::prepare(&deep, None).unwrap();
        assert!(place.sockets.as_os_str().len() <= LONGEST_SOCKET_FOLDER, "{}", place.sockets.display());
        assert!(!place.sockets.starts_with(&place.home));
        assert!(place.data().starts_with(deep.canonicalize().unwrap()));
        assert_eq!(Place::prepare(&deep, None).unwrap().sockets, place.sockets);
        fs::remove_dir(place.sockets).unwrap();
    }

    #[test]
    fn a_short_path_keeps_everything_together() {
        let top = tempfile::tempdir().unwrap();
        let place = Place::prepare(&top.path().join("pg"), None).unwrap();
        assert_eq!(place.sockets, place.home.join("run"));
        assert_eq!(fs::metadata(&place.sockets).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_or_a_folder_open_to_all_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let link = top.path().join("link");
        std::os::unix::fs::symlink(top.path(), &link).unwrap();
        assert!(matches!(own_folder(&link, 0o700, None), Err(PostgresError::ForeignFolder { .. })));

        let open = top.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(own_folder(&open, 0o700, None), Err(PostgresError::ForeignFolder { .. })));
    }
}
