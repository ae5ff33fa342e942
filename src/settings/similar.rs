//! "Did you mean": the known name that a wrong one is nearest to.

/// The known name nearest to `wrong`, if any is near enough to have been meant.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = flatten(wrong);
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let distance = strsim::damerau_levenshtein(&plain, &flatten(name));
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    // A third of the letters may be wrong: `cash` is no misspelt `cache`-like word of four, `measurment` is one of ten.
    best.filter(|&(distance, name)| distance * 3 <= name.chars().count().max(3))
        .map(|(_, name)| name)
}

/// Names are compared without their case, and `-`, blanks and `_` are the same.
fn flatten(name: &str) -> String {
    name.chars()
        .map(|c| if c == '-' || c == ' ' { '_' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

/// Names in a row, for "one of these".
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["api_key", "app_name", "process_type", "to", "from"];
        let rows = [
            ("api_kye", Some("api_key"), "two letters swapped"),
            ("apikey", Some("api_key"), "one letter missing"),
            ("API-KEY", Some("api_key"), "case and dash do not count"),
            ("too", Some("to"), "a short one, one letter off"),
            ("frm", Some("from"), "one letter missing"),
            ("colour", None, "nothing like it"),
            ("", None, "nothing at all"),
        ];
        for (wrong, meant, because) in rows {
            assert_eq!(nearest(wrong, known), meant, "{because}");
        }
    }
}
