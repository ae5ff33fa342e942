//! Which of the two formats a scraper wants, by its `Accept`.

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus's text format, 0.0.4: what everybody reads.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// As the answer is labelled.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// OpenMetrics where it is wanted by name, at least as much as text; else text, also for who wants neither.
pub fn negotiate(accept: Option<&str>) -> Format {
    let (mut open, mut text) = (0.0_f64, 0.0_f64);
    for wanted in accept.unwrap_or_default().split(',') {
        let mut parts = wanted.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut quality, mut version) = (1.0, None);
        for part in parts {
            match part.split_once('=') {
                Some(("q", value)) => quality = value.trim().parse().unwrap_or(0.0),
                Some(("version", value)) => version = Some(value.trim_matches('"').to_owned()),
                Some(_) | None => {}
            }
        }
        match kind.as_str() {
            // An older draft is not what is written here.
            "application/openmetrics-text"
                if version.is_none_or(|version| version.starts_with("1.")) =>
            {
                open = open.max(quality);
            }
            "text/plain" | "text/*" | "*/*" => text = text.max(quality),
            _ => {}
        }
    }
    if open > 0.0 && open >= text {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scraper_says_which() {
        let prometheus_2_42 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, wanted) in [
            (None, Format::Text),
            (Some(""), Format::Text),
            (Some("*/*"), Format::Text),
            (Some("text/plain"), Format::Text),
            (Some("application/openmetrics-text"), Format::OpenMetrics),
            (Some(prometheus_2_42), Format::OpenMetrics),
            (
                Some("application/openmetrics-text;version=0.0.1"),
                Format::Text,
            ),
            (
                Some("application/openmetrics-text; version=1.0.0; q=0"),
                Format::Text,
            ),
            (
                Some("application/openmetrics-text;q=0.3, text/plain;q=0.5"),
                Format::Text,
            ),
            (Some("application/json"), Format::Text),
        ] {
            assert_eq!(negotiate(accept), wanted, "{accept:?}");
        }
    }
}
