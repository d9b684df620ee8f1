//! A server, and how long it may take: what is slower than compiling is no help.

use std::fmt;
use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use opendal::{Error, ErrorKind, Operator};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout_at};
use tri_cache::{LARGEST_SHARED, Objects};

use crate::{Address, AddressError, Credentials};

/// Bytes that a server moves in a second at least, on average, beyond the time in which it must begin.
const SLOWEST: u64 = 4 << 20;

/// A server at an address.
pub struct Server {
    operator: Operator,
    time: Duration,
    /// Begun by the first that asks; none if the system refuses one.
    runtime: OnceLock<Option<Runtime>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("operator", &self.operator)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// The server at `address`, which has `time` to begin to answer. Nothing is sent yet.
    ///
    /// # Errors
    /// A part of the address is missing or malformed.
    pub fn new(address: &Address, credentials: &Credentials, time: Duration) -> Result<Server, AddressError> {
        // Another provider in place is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        opendal_http_transport_reqwest::install_default();
        let operator = address.operator(credentials)?;
        Ok(Server { operator, time, runtime: OnceLock::new() })
    }

    fn run<T>(&self, action: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        match self.runtime.get_or_init(|| Builder::new_current_thread().enable_all().build().ok()) {
            Some(runtime) => runtime.block_on(action),
            None => Err("the system refuses the means to reach it".to_owned()),
        }
    }

    /// When `bytes` must have been moved.
    fn deadline(&self, start: Instant, bytes: u64) -> Instant {
        start + self.time + Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST)
    }

    fn too_slow(&self) -> String {
        format!("it takes longer than {} s", self.time.as_secs_f64())
    }

    async fn download(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let start = Instant::now();
        let within = |bytes| self.deadline(start, bytes);
        let begin = async { self.operator.reader(path).await?.into_stream(..).await };
        let mut stream = match timeout_at(within(0), begin).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return absent(&error),
            Err(_) => return Err(self.too_slow()),
        };
        let mut object = Vec::new();
        loop {
            match timeout_at(within(object.len() as u64), stream.try_next()).await {
                Ok(Ok(Some(chunk))) => chunk.for_each(|bytes| object.extend_from_slice(&bytes)),
                Ok(Ok(None)) => return Ok(Some(object)),
                Ok(Err(error)) => return absent(&error),
                Err(_) => return Err(self.too_slow()),
            }
            // Twice, since what is kept has a header too.
            if object.len() as u64 > 2 * LARGEST_SHARED {
                return Err(format!("an object there is longer than {} bytes", 2 * LARGEST_SHARED));
            }
        }
    }

    async fn upload(&self, path: &str, object: Vec<u8>) -> Result<(), String> {
        let deadline = self.deadline(Instant::now(), object.len() as u64);
        match timeout_at(deadline, self.operator.write(path, object)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(self.too_slow()),
        }
    }
}

impl Objects for Server {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.run(self.download(path))
    }

    fn write(&self, path: &str, object: Vec<u8>) -> Result<(), String> {
        self.run(self.upload(path, object))
    }
}

/// A name that is still being looked up is not waited for.
impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take().flatten() {
            runtime.shutdown_background();
        }
    }
}

/// An object that is not there is no failure.
fn absent(error: &Error) -> Result<Option<Vec<u8>>, String> {
    if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(told(error)) }
}

/// An error with its causes, in a line.
fn told(error: &Error) -> String {
    let mut text = match error.kind() {
        ErrorKind::PermissionDenied => "it refuses the credentials".to_owned(),
        ErrorKind::RateLimited => "it is asked too often".to_owned(),
        _ => "it cannot be used".to_owned(),
    };
    let mut causes = vec![error.message().to_owned()];
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    causes.retain(|cause| !cause.is_empty());
    causes.dedup();
    let mut lines =
        causes.iter().flat_map(|cause| cause.lines()).map(str::trim).filter(|line| !line.is_empty());
    if let Some(first) = lines.next() {
        text.push_str(&format!(": {first}"));
    }
    if let Some(last) = lines.next_back() {
        text.push_str(&format!(", {last}"));
    }
    text
}
