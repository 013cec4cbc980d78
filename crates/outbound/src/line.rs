//! A connection for a protocol of lines, such as SMTP: dialled under the guard, counted among the sockets, secured at once
//! or later.

use std::{fmt, io, sync::Arc, time::Duration};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::{
    connector::{Connector, Socket},
    error::{Error, Phase},
    progress::{Progress, Trace},
    tls::Protocol,
};

/// The longest line that is read, its end counted, in bytes; SMTP allows 512.
const LONGEST: usize = 4096;

/// A connection for a protocol of lines. It has a record of its own, which is there on failure, too.
pub struct Line {
    connector: Connector,
    host: String,
    port: u16,
    limit: Duration,
    progress: Progress,
    socket: Option<BufReader<Socket>>,
    secured: bool,
}

impl Line {
    pub(crate) fn new(connector: Connector, (host, port): (&str, u16), limit: Duration) -> Self {
        let progress = Progress::new(limit);
        Self { connector, host: host.to_owned(), port, limit, progress, socket: None, secured: false }
    }

    /// Dials, and secures the connection at once if `secured`.
    ///
    /// # Errors
    /// As a call of the client has them: refused by the guard, no address, no connection, no TLS.
    pub async fn dial(&mut self, secured: bool) -> Result<(), Error> {
        let protocol = secured.then_some(Protocol::Any);
        let socket = self.connector.open((&self.host, self.port), protocol, &self.progress).await?;
        self.progress.enter(Phase::FirstByte);
        (self.socket, self.secured) = (Some(BufReader::new(socket)), secured);
        Ok(())
    }

    /// Secures the connection from here on. What came in the clear and was not read yet ends it: it would be taken for
    /// a part of what is secured.
    ///
    /// # Errors
    /// [`Error::Protocol`] for what came too early, [`Error::Tls`].
    pub async fn secure(&mut self) -> Result<(), Error> {
        let Some(reader) = self.socket.take() else { return Err(closed()) };
        if !reader.buffer().is_empty() {
            return Err(foreign("there is more in the clear after it was agreed to secure the connection"));
        }
        let socket = self.connector.upgrade(reader.into_inner(), &self.host, &self.progress).await?;
        self.progress.enter(Phase::FirstByte);
        (self.socket, self.secured) = (Some(BufReader::new(socket)), true);
        Ok(())
    }

    /// Whether what is written is secured.
    pub fn is_secured(&self) -> bool {
        self.secured
    }

    /// Writes bytes and sends them.
    ///
    /// # Errors
    /// [`Error::Reset`] when the connection breaks.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(socket) = &mut self.socket else { return Err(closed()) };
        socket.write_all(bytes).await.map_err(Error::of_exchange)?;
        socket.flush().await.map_err(Error::of_exchange)
    }

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// [`Error::Reset`] when the connection ends before the line does, [`Error::Protocol`] for a line longer than 4 KiB.
    pub async fn read(&mut self) -> Result<Vec<u8>, Error> {
        let Some(socket) = &mut self.socket else { return Err(closed()) };
        let mut line = Vec::new();
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        socket.take(most).read_until(b'\n', &mut line).await.map_err(Error::of_exchange)?;
        if line.pop_if(|end| *end == b'\n').is_none() {
            return Err(if line.len() == LONGEST { foreign("a line has no end") } else { closed() });
        }
        line.pop_if(|end| *end == b'\r');
        self.progress.answered();
        Ok(line)
    }

    /// The failure of one whose time is over.
    pub fn overdue(&self) -> Error {
        Error::Timeout { phase: self.progress.phase(), limit: self.limit }
    }

    /// What the record of an attempt keeps of it; the first byte is that of the first line.
    pub fn trace(&self) -> Trace {
        self.progress.trace(None)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

fn closed() -> Error {
    Error::of_exchange(io::Error::new(io::ErrorKind::UnexpectedEof, "the other side closed it"))
}

fn foreign(what: &'static str) -> Error {
    Error::Protocol { source: Arc::new(io::Error::new(io::ErrorKind::InvalidData, what)) }
}
