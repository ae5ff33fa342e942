//! Which URL `measurement_url` and `base_url` make together, and how it is shown.

use reqwest::Url;

use super::{BASE_URL, MEASUREMENT_URL};
use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// The URL to ask.
///
/// A path is appended to `base_url` rather than resolved against it, so that an application under a prefix
/// (`https://example.com/shop`) is met below it.
pub(super) fn target(section: &Section) -> Result<Url, Fault> {
    let measurement_url = section.text(MEASUREMENT_URL.name).unwrap_or_default();
    if !measurement_url.starts_with('/') {
        return http(MEASUREMENT_URL.name, measurement_url);
    }
    let Some(base) = section.text(BASE_URL.name) else {
        return Err(Fault::at(
            MEASUREMENT_URL.name,
            // Not quoted: its query may hold a token.
            "it is a path, and there is no base_url to append it to",
            "a full URL, such as `https://www.example.com/autoscalebot/measurement/`, or a base_url",
        )
        .for_want_of(BASE_URL.name));
    };
    let base_url = http(BASE_URL.name, base)?;
    if base_url.query().is_some() || base_url.fragment().is_some() {
        return Err(Fault::at(
            BASE_URL.name,
            "a path cannot be appended to a URL with `?` or `#`",
            "a URL without them, such as `https://www.example.com`",
        ));
    }
    let joined = format!(
        "{}{measurement_url}",
        base_url.as_str().trim_end_matches('/')
    );
    http(MEASUREMENT_URL.name, &joined)
}

/// The URL as it may be shown: without user, password, query and fragment, any of which may be a secret.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!(
        "{}://{host}{}{}",
        url.scheme(),
        port.unwrap_or_default(),
        url.path()
    )
}

fn http(setting: &str, text: &str) -> Result<Url, Fault> {
    // The text is not repeated: it may hold a password.
    let wrong = |why: &str| {
        Fault::at(
            setting,
            format!("it is not an http or https URL: {why}"),
            "a URL such as `https://www.example.com/autoscalebot/measurement/`",
        )
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(wrong(&format!("its scheme is `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    fn joined(measurement_url: &str, base_url: Option<&str>) -> Result<String, Fault> {
        let mut values = Map::new();
        values.insert("measurement_url".into(), measurement_url.into());
        if let Some(base_url) = base_url {
            values.insert("base_url".into(), Value::from(base_url));
        }
        target(&Section::new(values, Vec::new())).map(String::from)
    }

    #[test]
    fn a_path_is_appended_to_the_base() {
        for (path, base, whole) in [
            ("/m/", "https://a.test", "https://a.test/m/"),
            ("/m/", "https://a.test/", "https://a.test/m/"),
            (
                "/m/?full=1",
                "https://a.test:8443/shop/",
                "https://a.test:8443/shop/m/?full=1",
            ),
            ("/m/", "http://u:p@a.test", "http://u:p@a.test/m/"),
            ("//b.test/m/", "http://a.test", "http://a.test//b.test/m/"),
        ] {
            assert_eq!(
                joined(path, Some(base)).as_deref(),
                Ok(whole),
                "{path} {base}"
            );
        }
    }

    #[test]
    fn a_full_url_needs_no_base() {
        let url = "https://a.test/m/";
        assert_eq!(joined(url, None).as_deref(), Ok(url));
        assert_eq!(joined(url, Some("http://b.test")).as_deref(), Ok(url));
    }

    #[test]
    fn what_cannot_be_asked_is_a_fault_at_its_setting() {
        for (path, base, setting) in [
            ("/m/", None, "measurement_url"),
            ("ftp://a.test/", None, "measurement_url"),
            ("nothing", None, "measurement_url"),
            ("/m/", Some("https://a.test/?x=1"), "base_url"),
            ("/m/", Some("a.test"), "base_url"),
        ] {
            let fault = joined(path, base).unwrap_err();
            assert_eq!(fault.setting, setting, "{path} {base:?}");
        }
    }

    #[test]
    fn a_password_is_in_no_fault_and_not_shown() {
        let fault = joined("/m/", Some("https://u:hunter2@a.test:99999")).unwrap_err();
        assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        let url = Url::parse("https://u:hunter2@a.test:81/m/?token=hunter2#hunter2").unwrap();
        assert_eq!(shown(&url), "https://a.test:81/m/");
    }
}
