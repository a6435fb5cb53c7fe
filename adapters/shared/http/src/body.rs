//! Reading a request's body whole, with a limit on its octets and on its time.

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use domain::refusal::{Code, Refusal};
use domain::{Words, words};
use http_body_util::BodyExt;
use std::time::Duration;

/// How much and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Octets. 256 KiB.
    pub octets: usize,
    /// From the end of the header to the end of the body. 30 s.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { octets: 256 * 1024, time: Duration::from_secs(30) }
    }
}

/// A body that was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more octets than the limit.
    #[error("the body is larger than {0} octets")]
    TooLarge(usize),
    /// It did not end in time.
    #[error("the body took too long")]
    TooSlow,
    /// The connection broke, or its framing is wrong.
    #[error("the body ended before its end")]
    Broken,
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(most) => {
                Refusal::because(Code::TooLarge, words!("högst {most} oktetter", "at most {most} octets"))
            }
            BodyError::TooSlow | BodyError::Broken => {
                let swedish = match error {
                    BodyError::TooSlow => "innehållet kom för långsamt",
                    _ => "innehållet tog slut för tidigt",
                };
                Refusal::because(Code::Malformed, Words::new(swedish, error.to_string()))
            }
        }
    }
}

/// Reads a body. One that says beforehand that it is too large is not read at all.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(mut body: Body, limits: BodyLimits) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > limits.octets as u64 {
        return Err(BodyError::TooLarge(limits.octets));
    }
    tokio::time::timeout(limits.time, collect(&mut body, limits.octets))
        .await
        .map_err(|_| BodyError::TooSlow)?
}

async fn collect(body: &mut Body, most: usize) -> Result<Bytes, BodyError> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > most {
            return Err(BodyError::TooLarge(most));
        }
        // Nearly every body is one frame: it is passed on as it is.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_below_and_one_above() {
        let limits = BodyLimits { octets: 8, ..BodyLimits::default() };
        for (parts, expected) in [
            (vec!["12345678"], Ok("12345678")),
            (vec!["1234", "5678"], Ok("12345678")),
            (vec!["1", "", "2", "3"], Ok("123")),
            (vec![], Ok("")),
            (vec!["123456789"], Err(BodyError::TooLarge(8))),
            (vec!["12345678", "9"], Err(BodyError::TooLarge(8))),
        ] {
            let frames = parts.into_iter().map(Ok::<_, std::io::Error>);
            let body = Body::from_stream(futures_util::stream::iter(frames));
            let read = read_body(body, limits).await;
            assert_eq!(read, expected.map(Bytes::from));
        }
        assert_eq!(read_body(Body::from("123456789"), limits).await, Err(BodyError::TooLarge(8)));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        let limits = BodyLimits { time: Duration::from_millis(20), ..BodyLimits::default() };
        assert_eq!(read_body(body, limits).await, Err(BodyError::TooSlow));
    }
}
