//! A moment of the past as people name it: `14:03`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The end of the minute or second that was named; a time of day is the latest one that has been.
pub(super) fn moment(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let today = now.with_timezone(&zone).date_naive();
    let whole = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    let time = |form: &str| NaiveTime::parse_from_str(text, form).ok();
    let local =
        |at: NaiveDateTime| Some(zone.from_local_datetime(&at).latest()?.with_timezone(&Utc));
    let on = |day: NaiveDate, time: NaiveTime| local(day.and_time(time));
    let (second, minute) = (
        TimeDelta::milliseconds(999),
        TimeDelta::milliseconds(59_999),
    );
    if let Some(at) = whole("%Y-%m-%d %H:%M:%S") {
        return Some(local(at)? + second);
    }
    if let Some(at) = whole("%Y-%m-%d %H:%M") {
        return Some(local(at)? + minute);
    }
    let (time, length) = match (time("%H:%M:%S"), time("%H:%M")) {
        (Some(time), _) => (time, second),
        (None, Some(time)) => (time, minute),
        (None, None) => return None,
    };
    let at = on(today, time)?;
    if at > now {
        return Some(on(today.pred_opt()?, time)? + length);
    }
    Some(at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_latest_that_has_been() {
        let now: DateTime<Utc> = "2026-11-24T22:30:00Z".parse().unwrap(); // 14:30 there
        let zone = chrono_tz::America::Vancouver;
        for (text, wanted) in [
            ("14:03", Some("2026-11-24T22:03:59.999Z")),
            ("14:03:30", Some("2026-11-24T22:03:30.999Z")),
            ("15:00", Some("2026-11-23T23:00:59.999Z")),
            ("2026-11-20 9:05", Some("2026-11-20T17:05:59.999Z")),
            ("2026-11-20 09:05:07", Some("2026-11-20T17:05:07.999Z")),
            ("soon", None),
            ("25:00", None),
        ] {
            let wanted = wanted.map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(moment(text, now, zone), wanted, "{text}");
        }
    }
}
