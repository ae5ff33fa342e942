//! HireFire's push of queue times: `{"unix second": [milliseconds of each request, …], …}`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::delivery::{Malformed, plausible};

/// The most requests of one push: a minute of a process that answers 1,500 a second.
const MOST_REQUESTS: usize = 100_000;

/// The most seconds of one push. Clients give up what they could not send for 60.
const MOST_SECONDS: usize = 3600;

/// One push.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The queue times in milliseconds of the requests of each second, in ascending order.
    pub seconds: BTreeMap<u64, Vec<f64>>,
    /// How many were no queue times.
    pub unread: u64,
}

/// Reads a push.
pub fn parse(body: &[u8]) -> Result<Batch, Malformed> {
    let mut batch: Batch = serde_json::from_slice(body).map_err(|error| Malformed::json(&error))?;
    for times in batch.seconds.values_mut() {
        times.sort_by(f64::total_cmp);
    }
    Ok(batch)
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;
        impl<'de> Visitor<'de> for Seconds {
            type Value = Batch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of seconds and their queue times")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Batch, A::Error> {
                let mut batch = Batch {
                    seconds: BTreeMap::new(),
                    unread: 0,
                };
                let mut requests = 0;
                while let Some((second, times)) = map.next_entry::<String, Vec<Option<f64>>>()? {
                    requests += times.len();
                    if requests > MOST_REQUESTS || batch.seconds.len() >= MOST_SECONDS {
                        return Err(A::Error::custom("too many requests or seconds"));
                    }
                    let second = second.parse().map_err(|_bad| {
                        A::Error::custom("a key is not the number of a second since 1970")
                    })?;
                    let good = |time: &Option<f64>| plausible(time.as_ref()?.max(0.0));
                    let kept = batch.seconds.entry(second).or_default();
                    let before = kept.len();
                    kept.extend(times.iter().filter_map(good));
                    let read = kept.len() - before;
                    batch.unread += u64::try_from(times.len() - read).unwrap_or(u64::MAX);
                }
                Ok(batch)
            }
        }
        deserializer.deserialize_map(Seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_their_queue_times() {
        let batch = parse(br#"{"1795452445": [113, 206, 5], "1795452446": []}"#).unwrap();
        let expected = [
            (1_795_452_445, vec![5.0, 113.0, 206.0]),
            (1_795_452_446, vec![]),
        ];
        assert_eq!(batch.seconds, BTreeMap::from(expected));
        let odd = parse(br#"{"1": [null, 1e300, -4, 2.5], "1": [7]}"#).unwrap();
        assert_eq!(odd.seconds, BTreeMap::from([(1, vec![0.0, 2.5, 7.0])]));
        assert_eq!(odd.unread, 2);
    }

    #[test]
    fn hostile_bodies_are_refused_with_words() {
        let many = format!(r#"{{"1": [{}0]}}"#, "0,".repeat(MOST_REQUESTS));
        let long: Vec<_> = (0..=MOST_SECONDS)
            .map(|second| format!(r#""{second}":[]"#))
            .collect();
        let long = format!("{{{}}}", long.join(","));
        for body in [
            "",
            "[]",
            "7",
            r#"{"1": 5}"#,
            r#"{"one": [5]}"#,
            r#"{"-1": [5]}"#,
            r#"{"1.5": [5]}"#,
            r#"{"99999999999999999999999": [5]}"#,
            r#"{"1": ["5"]}"#,
            r#"{"1": [[5]]}"#,
            &many,
            &long,
        ] {
            let error = parse(body.as_bytes()).expect_err(&body[..body.len().min(60)]);
            assert!(error.to_string().len() < 120, "{error}");
        }
    }
}
