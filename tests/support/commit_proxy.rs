//! Between the service and Postgres: lets everything through, and on order loses the acknowledgement of one `COMMIT`, or of a statement
//! that commits by itself. The server has
//! committed, the connection is cut, and the service cannot know.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use url::Url;

/// sqlx commits by a simple query of this text.
const COMMIT: &[u8] = b"COMMIT\0";

/// A running proxy.
pub struct CommitProxy {
    pub url: String,
    /// Commits until the one that is lost; negative when none is.
    left: Arc<AtomicI64>,
    /// What asks the question whose answer is lost next.
    lost: Arc<Mutex<Vec<u8>>>,
}

impl CommitProxy {
    /// Before the server behind this address, whose socket is named in it.
    pub async fn start(database_url: &str) -> Self {
        let mut url = Url::parse(database_url).expect("an address");
        let folder = url.query_pairs().find(|(name, _)| name == "host").map(|(_, folder)| PathBuf::from(folder.as_ref())).expect("a socket's folder");
        let socket = folder.join(format!(".s.PGSQL.{}", url.port().unwrap_or(5432)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        url.set_query(None);
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let left = Arc::new(AtomicI64::new(-1));
        let lost = Arc::new(Mutex::new(COMMIT.to_vec()));
        let (counted, wanted) = (left.clone(), lost.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, left, lost) = (socket.clone(), counted.clone(), wanted.clone());
                tokio::spawn(async move { pass(client, UnixStream::connect(socket).await?, &left, &lost).await });
            }
            io::Result::Ok(())
        });
        Self { url: url.into(), left, lost }
    }

    /// Loses the acknowledgement of a commit; `after` many are acknowledged before.
    pub fn lose(&self, after: i64) {
        *self.lost.lock().expect("no panic") = COMMIT.to_vec();
        self.left.store(after, Ordering::SeqCst);
    }

    /// Loses the answer to the next statement that is its own transaction and names this.
    pub fn lose_answer_about(&self, what: &str) {
        *self.lost.lock().expect("no panic") = what.as_bytes().to_vec();
        self.left.store(0, Ordering::SeqCst);
    }

    /// Whether it was lost; stops looking for one.
    pub fn has_lost(&self) -> bool {
        self.left.swap(-1, Ordering::SeqCst) < 0
    }
}

async fn pass(mut client: TcpStream, mut server: UnixStream, left: &AtomicI64, lost: &Mutex<Vec<u8>>) -> io::Result<()> {
    let (mut question, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut question) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                server.write_all(&question[..read]).await?;
                let wanted = lost.lock().expect("no panic").clone();
                let commits = question[..read].windows(wanted.len()).any(|window| window == wanted);
                if commits && left.load(Ordering::SeqCst) >= 0 && left.fetch_sub(1, Ordering::SeqCst) == 0 {
                    // Committed once the server has answered; nobody hears of it.
                    let _unheard = server.read(&mut answer).await?;
                    return Ok(());
                }
            }
            read = server.read(&mut answer) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                client.write_all(&answer[..read]).await?;
            }
        }
    }
}
