//! Reads what a client sends: whole, in time, and no more than is allowed.

use std::time::Duration;

use actix_web::web::{Bytes, Payload};
use serde::de::DeserializeOwned;

use super::error::{Denied, refused};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// How large the body of an order or a login may be.
pub(in crate::server) const SMALL: usize = 64 * 1024;

/// The body, if it is not too large and does not take too long.
pub(in crate::server) async fn body(payload: Payload, most: usize) -> Result<Bytes, Denied> {
    match tokio::time::timeout(PATIENCE, payload.to_bytes_limited(most)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => Err(refused(400, format!("the body cannot be read: {error}"))),
        Ok(Err(_)) => Err(refused(413, format!("the body has more than {most} bytes"))),
        Err(_) => Err(refused(
            408,
            format!("the body has not arrived within {} s", PATIENCE.as_secs()),
        )),
    }
}

/// A JSON document of this form.
pub(in crate::server) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Denied> {
    serde_json::from_slice(body)
        .map_err(|error| refused(400, format!("the body is not what is asked for: {error}")))
}

/// A query of this form.
pub(in crate::server) fn query<T: DeserializeOwned>(text: &str) -> Result<T, Denied> {
    let read = actix_web::web::Query::<T>::from_query(text);
    read.map(actix_web::web::Query::into_inner)
        .map_err(|error| refused(400, format!("the query is not what is asked for: {error}")))
}
