//! How long: `90s`, `30m`, `2h`, `7d`, and sums of them such as `1h30m`. Called for `--for` and its like.

use std::time::Duration;

use super::LONGEST_IN_DAYS;

/// The units, the largest first, and their seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// What is accepted, for people.
pub const FORM: &str = "a time such as 90s, 30m, 2h, 7d or 1h30m";

/// Reads a time of at least one second; `None` when it is none. Each unit stands once, the largest first.
pub fn parse(text: &str) -> Option<Duration> {
    let mut units = UNITS.iter();
    let mut seconds = 0_u64;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(end)?;
        let mut letters = tail.chars();
        let letter = letters.next()?;
        let (_, of_one) = units.find(|(unit, _)| *unit == letter)?;
        let number: u64 = number.parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(*of_one)?)?;
        rest = letters.as_str();
    }
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Reads how long an order is to last; `Err` says what is wrong with `what`, as whoever gives it calls it.
pub fn of_order(what: &str, text: &str) -> Result<Duration, String> {
    let time = parse(text).ok_or_else(|| format!("{what} must be {FORM}"))?;
    if time > Duration::from_secs(LONGEST_IN_DAYS * 86_400) {
        return Err(format!(
            "an order ends within {LONGEST_IN_DAYS} days; what is to hold for longer belongs in the configuration"
        ));
    }
    Ok(time)
}

/// A time in the same form, in at most two units: `2h`, `1h30m`.
pub fn shown(time: Duration) -> String {
    let mut seconds = time.as_secs();
    let mut parts = Vec::new();
    for (unit, of_one) in UNITS {
        parts.push((seconds / of_one, unit));
        seconds %= of_one;
    }
    let told = parts
        .into_iter()
        .skip_while(|(number, _)| *number == 0)
        .take(2);
    let told: Vec<String> = told
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if told.is_empty() {
        return "0s".to_owned();
    }
    told.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        for (text, seconds, because) in [
            ("90s", Some(90), "seconds"),
            ("30m", Some(1800), "minutes"),
            ("2h", Some(7200), "hours"),
            ("7d", Some(604_800), "days"),
            ("1h30m", Some(5400), "a sum"),
            (" 5m ", Some(300), "blanks around it"),
            ("0s", None, "no time at all"),
            ("", None, "nothing"),
            ("5", None, "no unit"),
            ("m", None, "no number"),
            ("30m1h", None, "the smaller first"),
            ("1m1m", None, "a unit twice"),
            ("1.5h", None, "a fraction"),
            ("-5m", None, "a sign"),
            ("5 m", None, "a blank inside"),
            ("2w", None, "an unknown unit"),
            ("99999999999999999999s", None, "too large"),
            ("9999999999999999999d", None, "too large when multiplied"),
            ("٣m", None, "digits of another script"),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse(text), expected, "{text}: {because}");
        }
    }

    #[test]
    fn shows_times() {
        for (seconds, expected) in [
            (0, "0s"),
            (90, "1m30s"),
            (7200, "2h"),
            (86_399, "23h59m"),
            (86_400 + 61, "1d"),
        ] {
            assert_eq!(shown(Duration::from_secs(seconds)), expected);
        }
    }
}
