//! The bytes of a connection, and an end to writes that nobody reads.
//!
//! TCP lets the other side keep an answer waiting for as long as it likes. So a write that
//! makes no progress ends the connection. The system's send buffer is kept small: in its own
//! 4 MB an unread answer would cost memory, and a slow reader would show no progress for minutes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::http::standing::Standing;
use crate::platform::limit_send_buffer;

/// Bytes that the system takes of an answer before the other side reads it; Linux doubles it
/// for its own needs. Enough for 1 MB a second over a line with 100 ms there and back.
const SEND_BUFFER: usize = 128 * 1024;

/// A TCP connection whose writes have to make progress.
pub struct Wire {
    tcp: TcpStream,
    standing: Arc<Standing>,
    patience: Duration,
    /// Runs while a write waits for the other side to read.
    stalled: Option<Pin<Box<Sleep>>>,
    is_abandoned: bool,
}

impl Wire {
    /// A connection on which a write may wait for `patience`.
    pub fn new(tcp: TcpStream, standing: Arc<Standing>, patience: Duration) -> Self {
        // Without it small answers wait for the peer's acknowledgement.
        let _ = tcp.set_nodelay(true);
        limit_send_buffer(&tcp, SEND_BUFFER);
        Self {
            tcp,
            standing,
            patience,
            stalled: None,
            is_abandoned: false,
        }
    }

    /// Passes on what a write came to, or ends it where it waited for too long.
    fn judge<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        self.is_abandoned = true;
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the other side does not read what it is sent",
        )))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.is_abandoned || self.standing.is_evicted() {
            // The system would go on offering what is unsent for minutes.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.judge(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(context, buffers);
        self.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn wire(patience: Duration) -> (Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, peer) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let wire = Wire::new(accepted.unwrap().0, Arc::default(), patience);
        (wire, peer.unwrap())
    }

    #[tokio::test]
    async fn a_write_that_nobody_reads_ends() {
        let (mut wire, _peer) = wire(Duration::from_millis(100)).await;
        let written = wire.write_all(&vec![0; 64 << 20]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_slow_reader_gets_everything() {
        const SENT: usize = 8 << 20;
        let patience = Duration::from_millis(500);
        let (mut wire, mut peer) = wire(patience).await;
        let reading = tokio::spawn(async move {
            let (mut read, mut buffer) = (0, vec![0; 64 * 1024]);
            while read < SENT {
                read += peer.read(&mut buffer).await.unwrap();
                // Slow enough to fill every buffer, and to take longer than the patience.
                sleep(Duration::from_millis(6)).await;
            }
        });
        wire.write_all(&vec![0; SENT]).await.unwrap();
        reading.await.unwrap();
    }
}
