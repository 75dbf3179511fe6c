//! A lean HTTP client: what it costs itself is the same for whoever answers, so the less that is, the more a ratio says.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection that is kept, with one request on its way at a time.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A GET as its bytes on the wire.
pub fn get(path: &str, header: (&str, &str)) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{}: {}\r\n\r\n", header.0, header.1).into_bytes()
}

impl Client {
    /// `base` is `http://address:port`.
    pub async fn connect(base: &str) -> Self {
        let stream = TcpStream::connect(base.trim_start_matches("http://")).await.expect("somebody listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, buffer: Vec::with_capacity(256 * 1024) }
    }

    /// Sends the request and reads the answer whole; its body.
    ///
    /// # Panics
    /// The answer is none, is not 200, or does not say how long it is.
    pub async fn send(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("sent");
        self.buffer.clear();
        let head = loop {
            self.read().await.expect("an answer");
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).expect("headers are text").to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
        let length = length.unwrap_or_else(|| panic!("no length: {text}"));
        while self.buffer.len() < head + length {
            self.read().await.expect("the rest of the answer");
        }
        &self.buffer[head..]
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Answers per second over so many connections, for a while.
pub async fn rate(base: &str, requests: &[Vec<u8>], connections: usize, span: Duration) -> f64 {
    let began = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for at in 0..connections {
        let (mut client, requests) = (Client::connect(base).await, requests.to_vec());
        workers.spawn(async move {
            let mut answers = 0_u32;
            for request in requests.iter().cycle().skip(at * 7) {
                client.send(request).await;
                answers += 1;
                if began.elapsed() >= span {
                    break;
                }
            }
            answers
        });
    }
    let answers: u32 = workers.join_all().await.into_iter().sum();
    f64::from(answers) / began.elapsed().as_secs_f64()
}
