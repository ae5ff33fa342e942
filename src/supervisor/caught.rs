//! Code of a backend that runs outside its own actor: a panic in it is a failure with a text, and not the end of
//! whoever runs it.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;

/// Runs it. `Err` has the panic's text.
pub fn caught<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| text(payload.as_ref()))
}

/// Awaits it. `Err` has the panic's text.
pub async fn caught_io<T>(io: impl Future<Output = T>) -> Result<T, String> {
    let done = AssertUnwindSafe(io).catch_unwind().await;
    done.map_err(|payload| text(payload.as_ref()))
}

/// A panic's text.
pub fn text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "without a text".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_its_text() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| panic!("plain")), Err::<(), _>("plain".to_owned()));
        let number = 3;
        let formatted = caught(|| panic!("no {number}"));
        assert_eq!(formatted, Err::<(), _>("no 3".to_owned()));
        let odd = caught(|| std::panic::panic_any(number));
        assert_eq!(odd, Err::<(), _>("without a text".to_owned()));
    }

    #[actix_rt::test]
    async fn so_is_one_after_a_wait() {
        let io = async {
            tokio::task::yield_now().await;
            panic!("late")
        };
        assert_eq!(caught_io(io).await, Err::<(), _>("late".to_owned()));
        assert_eq!(caught_io(async { 7 }).await, Ok(7));
    }
}
