//! What Redis is asked, and what its replies add up to. Pure.

use redis::{Pipeline, Value};

/// Celery's default for what stands between a queue's name and a priority.
pub(super) const DEFAULT_SEPARATOR: &str = "\u{6}\u{16}";

/// The priorities that Celery knows with Redis; 0 is the most urgent one and has no suffix.
const LOWER_PRIORITIES: std::ops::RangeInclusive<u8> = 1..=9;

/// [`DEFAULT_SEPARATOR`], owned.
pub(super) fn default_separator() -> String {
    DEFAULT_SEPARATOR.to_owned()
}

/// The keys of the lists in which a queue's tasks wait.
pub(super) fn lists(prefix: &str, queue: &str, separator: &str) -> Vec<String> {
    let lower = LOWER_PRIORITIES.map(|priority| format!("{prefix}{queue}{separator}{priority}"));
    std::iter::once(format!("{prefix}{queue}"))
        .chain(lower)
        .collect()
}

/// One round trip: select the database, then the length of each list, and last how many entries `unacked` has.
///
/// The database is selected here rather than when connecting, so that a refusal comes with Redis's own error code.
pub(super) fn question(database: i64, queues: &[Vec<String>], unacked: Option<&str>) -> Pipeline {
    let mut asked = redis::pipe();
    asked.cmd("SELECT").arg(database);
    for key in queues.iter().flatten() {
        asked.cmd("LLEN").arg(key);
    }
    if let Some(key) = unacked {
        asked.cmd("HLEN").arg(key);
    }
    asked
}

/// Redis refused a command, or answered with something that is not a length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which list was asked for; `None` when it was the database.
    pub key: Option<String>,
    /// Redis's error code (`WRONGTYPE`), empty when the reply was no error but made no sense.
    pub code: String,
    /// What it says beside.
    pub detail: String,
}

/// The tasks that wait in `queues`, out of Redis's replies: one to `SELECT`, then one a list. What follows is not looked at.
pub fn waiting(queues: &[Vec<String>], replies: &[Value]) -> Result<u64, Refusal> {
    let mut replies = replies.iter();
    if let Some(Value::ServerError(error)) = replies.next() {
        return Err(refusal(None, error));
    }
    let mut sum = 0_u64;
    for key in queues.iter().flatten() {
        let length = length(key, replies.next())?;
        sum = sum.saturating_add(length);
    }
    Ok(sum)
}

fn length(key: &str, reply: Option<&Value>) -> Result<u64, Refusal> {
    let nonsense = |detail: &str| Refusal {
        key: Some(key.to_owned()),
        code: String::new(),
        detail: detail.to_owned(),
    };
    match reply {
        Some(Value::Int(length)) => {
            u64::try_from(*length).map_err(|_negative| nonsense("a negative length"))
        }
        Some(Value::ServerError(error)) => Err(refusal(Some(key), error)),
        Some(_) => Err(nonsense("a reply that is not a number")),
        None => Err(nonsense("no reply")),
    }
}

fn refusal(key: Option<&str>, error: &redis::ServerError) -> Refusal {
    Refusal {
        key: key.map(ToOwned::to_owned),
        code: error.code().to_owned(),
        detail: error.details().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_queues() -> Vec<Vec<String>> {
        vec![
            lists("", "celery", DEFAULT_SEPARATOR),
            lists("", "mail", DEFAULT_SEPARATOR),
        ]
    }

    #[test]
    fn a_queue_has_one_list_a_priority() {
        let lists = lists("app:", "celery", DEFAULT_SEPARATOR);
        assert_eq!(lists.len(), 10);
        assert_eq!(lists[0], "app:celery");
        assert_eq!(lists[3], "app:celery\x06\x163");
        assert_eq!(lists[9], "app:celery\x06\x169");
    }

    #[test]
    fn all_lists_are_summed() {
        let mut replies = vec![Value::Okay];
        replies.extend((1..=20).map(Value::Int));
        assert_eq!(waiting(&two_queues(), &replies), Ok(210));
    }

    #[test]
    fn a_missing_or_senseless_reply_is_never_a_zero() {
        let queues = two_queues();
        for (reply, detail) in [
            (None, "no reply"),
            (Some(Value::Nil), "a reply that is not a number"),
            (Some(Value::Int(-1)), "a negative length"),
        ] {
            let replies: Vec<_> = std::iter::once(Value::Okay).chain(reply).collect();
            let refusal = waiting(&queues, &replies).unwrap_err();
            assert_eq!(
                (refusal.key.as_deref(), refusal.detail.as_str()),
                (Some("celery"), detail)
            );
        }
        assert!(waiting(&queues, &[]).is_err());
    }

    #[test]
    fn a_sum_past_all_bounds_does_not_wrap() {
        let mut replies = vec![Value::Okay];
        replies.extend(std::iter::repeat_n(Value::Int(i64::MAX), 20));
        assert_eq!(waiting(&two_queues(), &replies), Ok(u64::MAX));
    }
}
