//! What the system allows this process: many open files, and no core dump, which would hold every secret in the open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process without a limit is believed to have.
const PLENTY: u64 = 1 << 20;

/// Takes as many open files as the system lets it: the usual first limit is sized for a shell, and every connection is a file.
pub fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, open_files = open_files(), "the limit of open files cannot be raised");
    }
}

/// How many files may be open at once.
pub fn open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(PLENTY)
}

/// A crash leaves no copy of the memory behind: tokens and keys are in it.
pub fn forbid_core_dumps() {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "core dumps cannot be switched off");
    }
}
