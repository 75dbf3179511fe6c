//! The real binary, as in production: to be killed, to be told to stop, and to be heard.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lever_integration::fake_lever::FakeLever;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::story::{Person, Setting, variables};

const PATIENCE: u32 = 1200;
const LOOK: Duration = Duration::from_millis(50);

/// A running `lever-integration serve`; killed when dropped.
pub struct Service {
    child: Child,
    pub base: String,
    said: Arc<Mutex<Vec<u8>>>,
}

/// A port that nobody listens on just now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

impl Service {
    /// Starts it at a port and waits until it is ready.
    pub async fn start(setting: &Setting, lever: &FakeLever, database_url: &str, port: u16) -> Self {
        let base = format!("http://127.0.0.1:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lever-integration"));
        command.arg("serve").env_clear().env("RUST_LOG", "info");
        command.envs(variables(setting, lever, database_url, &base)).env("LISTEN_ADDR", format!("127.0.0.1:{port}"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("the binary starts");
        let said = Arc::default();
        listen(child.stdout.take().expect("piped"), &said);
        listen(child.stderr.take().expect("piped"), &said);
        let service = Self { child, base, said };
        service.ready().await;
        service
    }

    /// Waits until it says that it is ready.
    ///
    /// # Panics
    /// It never does; the message holds what it said.
    pub async fn ready(&self) {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        for _ in 0..PATIENCE {
            if let Ok(answer) = http.get(format!("{}/readyz", self.base)).send().await
                && answer.status().is_success()
            {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("the service does not become ready: {}", self.log());
    }

    /// Everything it has written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().expect("no panic")).into_owned()
    }

    /// kill -9.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("killed");
    }

    /// How many files it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id().expect("it runs"))).expect("a Linux").count()
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = Pid::from_raw(self.child.id().expect("it runs") as i32).expect("a pid");
        kill_process(pid, Signal::TERM).expect("signalled");
    }

    /// How many bytes of memory it holds resident.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("it runs"))).expect("a Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.expect("it ends")
    }
}

/// Runs a command of the binary to its end with these variables alone; its exit code and everything it wrote.
pub async fn run_to_end(command: &str, folder: &Path, variables: &[(&str, String)]) -> (Option<i32>, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_lever-integration"));
    process.arg(command).current_dir(folder).env_clear().envs(variables.iter().map(|(name, value)| (*name, value))).kill_on_drop(true);
    let ended = process.output().await.expect("the binary starts");
    (ended.status.code(), String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned())
}

/// Looks at the newest full sync until it is as wanted.
///
/// # Panics
/// It never is.
pub async fn run_until(person: &Person, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..PATIENCE {
        let run = person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone();
        if wanted(&run) {
            return run;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("waited in vain until {what}");
}

fn listen(mut pipe: impl AsyncRead + Unpin + Send + 'static, said: &Arc<Mutex<Vec<u8>>>) {
    let said = said.clone();
    tokio::spawn(async move {
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = pipe.read(&mut piece).await {
            said.lock().expect("no panic").extend_from_slice(&piece[..read]);
        }
    });
}
