//! Locks between processes: files locked with `flock`, which the kernel lets go of however a process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::PostgresError;

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Longer than any start, npm's download included.
const PATIENCE: Duration = Duration::from_secs(300);

/// How a lock is held.
#[derive(Debug, Clone, Copy)]
pub enum Hold {
    /// With others who do the same.
    Shared,
    /// Alone.
    Alone,
}

/// Takes the lock, or says that somebody else has it.
///
/// # Errors
/// The file cannot be opened or locked.
pub fn try_lock(path: &Path, hold: Hold) -> Result<Option<File>, PostgresError> {
    let file = open(path)?;
    let locked = match hold {
        Hold::Shared => file.try_lock_shared(),
        Hold::Alone => file.try_lock(),
    };
    match locked {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(PostgresError::file("lock", path)(error)),
    }
}

/// Waits for the lock for as long as a start or a stop may take.
///
/// # Errors
/// The file cannot be opened or locked, or nobody let go of it.
pub async fn lock(path: &Path, hold: Hold) -> Result<File, PostgresError> {
    let wait = async {
        loop {
            if let Some(file) = try_lock(path, hold)? {
                return Ok(file);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| Err(PostgresError::Busy { path: path.to_owned() }))
}

/// Waits, however long it takes, until nobody else holds the lock.
///
/// # Errors
/// The file cannot be opened or locked.
pub async fn wait_for_last(path: &Path) -> Result<(), PostgresError> {
    let file = open(path)?;
    let waited = tokio::task::spawn_blocking(move || file.lock()).await;
    waited.unwrap_or_else(|gone| Err(std::io::Error::other(gone))).map_err(PostgresError::file("lock", path))
}

fn open(path: &Path) -> Result<File, PostgresError> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(PostgresError::file("open", path))
}
