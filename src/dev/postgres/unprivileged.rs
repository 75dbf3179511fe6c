//! Postgres refuses to run as root: who runs it then, and where may they go.
//!
//! A developer's own account never notices. In a container everything is root, so the server runs as `postgres`, else as
//! `nobody`; folders above the data may then be closed to it (root's home folder, mode 0700).

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::PostgresError;

/// The account that the server runs as when we are root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerUser {
    pub uid: u32,
    pub gid: u32,
}

/// Who must run the server: `None` is ourselves.
///
/// # Errors
/// We are root and there is nobody else.
pub fn server_user() -> Result<Option<ServerUser>, PostgresError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = Path::new("/etc/passwd");
    let text = fs::read_to_string(passwd).map_err(PostgresError::file("read", passwd))?;
    let found = ["postgres", "nobody"].iter().find_map(|name| entry(&text, name));
    found.map(Some).ok_or(PostgresError::NoUnprivilegedUser)
}

/// `name:password:uid:gid:...`; an account that is root under another name does not count.
fn entry(passwd: &str, name: &str) -> Option<ServerUser> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let user = ServerUser { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? };
    (user.uid != 0).then_some(user)
}

/// The outermost folder on the way into `folder` (itself included) that this account may not pass.
///
/// # Errors
/// The path cannot be read.
pub fn closed_on_the_way(folder: &Path, user: Option<ServerUser>) -> Result<Option<PathBuf>, PostgresError> {
    let Some(user) = user else { return Ok(None) };
    let mut closed = None;
    for step in folder.ancestors() {
        if !passable(&fs::metadata(step).map_err(PostgresError::file("read", step))?, user) {
            closed = Some(step.to_owned());
        }
    }
    Ok(closed)
}

fn passable(folder: &Metadata, user: ServerUser) -> bool {
    let bit = match folder {
        _ if folder.uid() == user.uid => 0o100,
        _ if folder.gid() == user.gid => 0o010,
        _ => 0o001,
    };
    folder.mode() & bit != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/bin/false\nadmin:x:0:0::/:/bin/sh\nbroken\n";

    #[test]
    fn accounts_are_read_from_passwd() {
        assert_eq!(entry(PASSWD, "nobody"), Some(ServerUser { uid: 65534, gid: 65533 }));
        assert_eq!(entry(PASSWD, "postgres"), None);
        assert_eq!(entry(PASSWD, "broken"), None);
    }

    #[test]
    fn root_under_another_name_is_refused() {
        assert_eq!(entry(PASSWD, "admin"), None);
    }

    #[test]
    fn a_closed_folder_on_the_way_is_found() {
        let top = tempfile::tempdir().unwrap();
        let inner = top.path().join("closed/inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(top.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = ServerUser { uid: 54_321, gid: 54_321 };

        assert_eq!(closed_on_the_way(&inner, Some(stranger)).unwrap(), Some(top.path().join("closed")));
        assert_eq!(closed_on_the_way(top.path(), Some(stranger)).unwrap(), None);
        assert_eq!(closed_on_the_way(&inner, None).unwrap(), None);
    }
}
