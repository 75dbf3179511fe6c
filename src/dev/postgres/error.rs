//! What can go wrong between a fresh machine and a running Postgres: one sentence each, with what helps.

use std::path::{Path, PathBuf};

const HOW_TO_GET_POSTGRES: &str = "install it (`apt-get install postgresql`, `brew install postgresql@17`), \
     name a folder with its binaries in PG_BIN_DIR, or install Node so that npm can fetch it";

/// Why there is no Postgres.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Neither the machine nor npm has binaries that run.
    #[error("no PostgreSQL 14 or newer was found: {HOW_TO_GET_POSTGRES}. Tried: {}", .tried.join("; "))]
    NotFound { tried: Vec<String> },
    /// `PG_BIN_DIR` is set, and what it names is not used in silence's stead.
    #[error("PG_BIN_DIR cannot be used: {problem}. Name a folder that holds `postgres` and `initdb` of version 14 or newer, or unset it")]
    BinDir { problem: String },
    /// The data were made by another major version, which cannot be read by this one.
    #[error(
        "the data in {} belong to PostgreSQL {made_by}, but only PostgreSQL {installed} is here: install {made_by} again, \
         or delete that folder to begin with an empty database",
        .data.display()
    )]
    OtherMajor { data: PathBuf, made_by: u32, installed: u32 },
    /// We are root, Postgres refuses to run as root, and there is nobody else.
    #[error("Postgres does not run as root, and /etc/passwd has neither `postgres` nor `nobody`: run this as an ordinary user")]
    NoUnprivilegedUser,
    /// A folder in the temporary folder that we would use belongs to somebody else.
    #[error("{} is not a folder of ours that others cannot write to: delete it, or set TMPDIR to another folder", .path.display())]
    ForeignFolder { path: PathBuf },
    /// No folder that Postgres may enter, or with a path short enough for a socket.
    #[error("the temporary folder {} will not do: {problem}. Set TMPDIR to another folder", .path.display())]
    TemporaryFolder { path: PathBuf, problem: &'static str },
    /// Somebody else has held a lock for minutes.
    #[error("another process is starting or stopping the same Postgres and does not get done ({} is locked): end it and try again", .path.display())]
    Busy { path: PathBuf },
    /// `initdb` failed.
    #[error("initdb could not make a database in {}: {detail}", .data.display())]
    InitDb { data: PathBuf, detail: String },
    /// The server ended while it was starting.
    #[error("Postgres stopped while starting: {detail} (whole log: {})", .log.display())]
    Exited { log: PathBuf, detail: String },
    /// The server runs but does not answer, or does not stop.
    #[error("Postgres (process {pid}) {problem}: look at {}, or end it with `kill -QUIT {pid}` and try again", .log.display())]
    Stuck { pid: i32, problem: &'static str, log: PathBuf },
    /// The server answered with an error.
    #[error("Postgres refused: {0}")]
    Database(#[from] sqlx::Error),
    /// A file or folder of the cluster cannot be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
}

impl PostgresError {
    /// For `map_err`: names what was being done to which file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
