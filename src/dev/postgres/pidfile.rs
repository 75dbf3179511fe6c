//! Reading `postmaster.pid`: is a server running on these data, and is it ready?
//!
//! The file outlives a server that was killed, and its number may by then belong to another program. So a number counts only
//! if a process of that number is a living `postgres`.

use std::path::Path;
use std::process::Command;

use rustix::process::Pid;

use super::PostgresError;

/// A server that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    pub pid: Pid,
    /// It takes connections.
    pub ready: bool,
}

/// The server that runs on these data, if one does.
///
/// # Errors
/// The file is there but cannot be read.
pub fn running(pid_file: &Path) -> Result<Option<Running>, PostgresError> {
    let text = match std::fs::read_to_string(pid_file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PostgresError::file("read", pid_file)(error)),
    };
    Ok(parse(&text).filter(|found| is_postgres(found.pid)))
}

/// Line 1 is the number of the process, line 8 its state. A server that has just begun has written only some of them.
fn parse(text: &str) -> Option<Running> {
    let number = text.lines().next()?.trim().parse().ok().filter(|number| *number > 0)?;
    let pid = Pid::from_raw(number)?;
    let ready = text.lines().nth(7).is_some_and(|state| state.trim() == "ready");
    Some(Running { pid, ready })
}

/// A process that has ended but was not yet waited for is not alive.
fn is_postgres(pid: Pid) -> bool {
    let pid = pid.as_raw_nonzero();
    if Path::new("/proc/self/stat").exists() {
        return std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| living_postgres(&stat));
    }
    let listed = Command::new("ps").args(["-o", "stat=,comm=", "-p", &pid.to_string()]).output();
    listed.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout);
        !line.trim_start().starts_with('Z') && line.trim_end().ends_with("postgres")
    })
}

/// `123 (postgres) S ...`
fn living_postgres(stat: &str) -> bool {
    let Some((head, rest)) = stat.rsplit_once(") ") else { return false };
    head.ends_with("(postgres") && !rest.starts_with(['Z', 'X'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_ready_once_the_eighth_line_says_so() {
        let lines = "4711\n/data\n1700000000\n5432\n/run\n\n  123 456\n";
        let starting = Running { pid: Pid::from_raw(4711).unwrap(), ready: false };
        assert_eq!(parse(lines), Some(starting));
        assert_eq!(parse(&format!("{lines}starting\n")), Some(starting));
        assert_eq!(parse(&format!("{lines}ready   \n")), Some(Running { ready: true, ..starting }));
        assert_eq!(parse(""), None);
        assert_eq!(parse("-5\n"), None);
    }

    #[test]
    fn a_number_that_another_program_has_now_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postmaster.pid");
        assert_eq!(running(&file).unwrap(), None);
        std::fs::write(&file, format!("{}\n/data\n1\n5432\n/run\n\n1 2\nready\n", std::process::id())).unwrap();
        assert_eq!(running(&file).unwrap(), None);
    }

    #[test]
    fn a_server_that_has_ended_does_not_count() {
        assert!(living_postgres("12 (postgres) S 1 12"));
        assert!(!living_postgres("12 (postgres) Z 1 12"));
        assert!(!living_postgres("12 (sh) S 1 12"));
        assert!(!living_postgres(""));
    }
}
