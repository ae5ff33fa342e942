//! An answer whose headers have arrived: when the first byte of its body came, and the rest of it.

use std::fmt;
use std::time::Duration;

use reqwest::{Response, StatusCode};

use super::Probe;
use crate::http::read_body;
use crate::measurement::MeasureError;

/// How much of a body that nobody wants is read, so that the connection can be kept. Past it, opening another
/// connection is cheaper.
const MOST_DISCARDED: usize = 1024 * 1024;

/// How long that may take: the figure is known already, and the next step waits for it.
const MOST_TIME_DISCARDING: Duration = Duration::from_secs(1);

/// An answer. Dropped without [`Answer::finish`], it closes its connection.
pub struct Answer<'a> {
    probe: &'a Probe,
    response: Response,
    sent: Duration,
    headers_at: Duration,
}

impl<'a> Answer<'a> {
    /// An answer whose headers have just arrived, to a request sent at `sent`.
    pub(super) fn new(probe: &'a Probe, response: Response, sent: Duration) -> Self {
        Self {
            probe,
            response,
            sent,
            headers_at: probe.clock.now().mono,
        }
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// How old the answer already is, when it says so: some cache gave it (RFC 9111, `Age`).
    pub fn age(&self) -> Option<Duration> {
        let age = self.response.headers().get(reqwest::header::AGE)?;
        age.to_str()
            .ok()?
            .trim()
            .parse()
            .ok()
            .map(Duration::from_secs)
    }

    /// Waits for the first byte of the body and says how long after the request's start it came; when there is no body,
    /// when the headers had come.
    pub async fn first_byte(&mut self) -> Result<Duration, MeasureError> {
        loop {
            match self.response.chunk().await {
                Ok(Some(chunk)) if chunk.is_empty() => {}
                Ok(Some(_)) => return Ok(self.since_sent(self.probe.clock.now().mono)),
                Ok(None) => return Ok(self.since_sent(self.headers_at)),
                Err(error) => return Err(self.probe.failure(error)),
            }
        }
    }

    /// The whole body, within bounds.
    pub async fn body(self) -> Result<Vec<u8>, MeasureError> {
        let failed = |why| MeasureError::Unavailable(format!("GET {}: {why}", self.probe.shown));
        read_body(self.response).await.map_err(failed)
    }

    /// Reads what is left of the body and forgets it, so that the connection can be used again; gives up, and so closes
    /// the connection, when that is much or slow, or would not be done before `until`.
    pub async fn finish(mut self, until: Duration) {
        let left = self.probe.clock.until(until) / 2;
        let limit = left.min(MOST_TIME_DISCARDING);
        let discard = async {
            let mut read = 0_usize;
            while let Ok(Some(chunk)) = self.response.chunk().await {
                read = read.saturating_add(chunk.len());
                if read > MOST_DISCARDED {
                    return;
                }
            }
        };
        tokio::time::timeout(limit, discard).await.ok();
    }

    fn since_sent(&self, at: Duration) -> Duration {
        at.saturating_sub(self.sent)
    }
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.response.status())
            .finish_non_exhaustive()
    }
}
