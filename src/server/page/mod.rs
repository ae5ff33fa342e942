//! The page: files that are part of the program, so that it works at once and asks nobody else. Plain HTML, CSS and
//! JavaScript, as they stand beside this file; nothing is built from them.
//!
//! | what | file |
//! | --- | --- |
//! | the page, and the login | `index.html`, `login.html` |
//! | how both look | `page.css` |
//! | start, server-sent events, sources, settings | `page.js` |
//! | the processes' cards and charts | `cards.js` |
//! | the ledger with its filter | `ledger.js` |
//! | pause, override, scale, resume | `orders.js` |
//! | asking the server, numbers and times | `base.js` |
//! | the routes | [`serve`] |

pub mod serve;

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};

use crate::drawing::escaped;

/// A file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its name; it is served as `/assets/` and that.
    pub name: &'static str,
    /// Its content type.
    pub kind: &'static str,
    /// What is in it.
    pub text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// The content type of [`INDEX`] and of [`login`].
pub const HTML: &str = "text/html; charset=utf-8";

/// The page itself, for who is logged in.
pub const INDEX: Asset = Asset {
    name: "index.html",
    kind: HTML,
    text: include_str!("index.html"),
};

/// What stands in the login's form where there is something to say.
const SAID: &str = "<!-- wrong -->";

const LOGIN: &str = include_str!("login.html");

/// What anybody may have: there is nothing of the application in it.
pub const ASSETS: [Asset; 7] = [
    asset("page.css", CSS, include_str!("page.css")),
    asset("page.js", SCRIPT, include_str!("page.js")),
    asset("base.js", SCRIPT, include_str!("base.js")),
    asset("cards.js", SCRIPT, include_str!("cards.js")),
    asset("ledger.js", SCRIPT, include_str!("ledger.js")),
    asset("orders.js", SCRIPT, include_str!("orders.js")),
    asset("icon.svg", "image/svg+xml", include_str!("icon.svg")),
];

const fn asset(name: &'static str, kind: &'static str, text: &'static str) -> Asset {
    Asset { name, kind, text }
}

/// The file of that name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

impl Asset {
    /// What tells its content from any other, quoted as the header `ETag` wants it. A browser that has it asks no more than
    /// whether it is still so.
    pub fn etag(&self) -> String {
        let digest = digest(&SHA256, self.text.as_bytes());
        let mut tag = String::from("\"");
        for byte in digest.as_ref().iter().take(8) {
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        tag
    }
}

/// The login, with what was wrong the last time.
pub fn login(wrong: Option<&str>) -> String {
    let said =
        wrong.map(|wrong| format!("<p class=\"trouble\" role=\"alert\">{}</p>", escaped(wrong)));
    LOGIN.replacen(SAID, &said.unwrap_or_default(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(&'static str, String)> {
        let files = ASSETS.iter().chain([&INDEX]);
        let mut all: Vec<_> = files
            .map(|asset| (asset.name, asset.text.to_owned()))
            .collect();
        all.push(("login.html", login(Some("what was wrong"))));
        all
    }

    #[test]
    fn nothing_is_asked_of_elsewhere() {
        for (name, text) in all() {
            let rest = text.replace("http://www.w3.org/2000/svg", "");
            for part in ["http:", "https:", "ws:", "url(", "@import", "\"//"] {
                assert!(!rest.contains(part), "{name}: {part}");
            }
        }
    }

    /// The policy would forbid it, and the page would be broken without a word.
    #[test]
    fn nothing_runs_that_stands_in_the_html() {
        for (name, text) in all() {
            let html = text.starts_with("<!doctype html>");
            for part in [
                "<style",
                " style=",
                "javascript:",
                " onclick=",
                " onload=",
                "<script>",
            ] {
                assert!(!html || !text.contains(part), "{name}: {part}");
            }
            for part in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "setAttribute(\"style\"",
                "setAttribute(\"on",
            ] {
                assert!(!text.contains(part), "{name}: {part}");
            }
        }
    }

    #[test]
    fn every_file_that_is_named_is_there() {
        let mut named = 0;
        for (file, text) in all() {
            for start in ["\"/assets/", "from \"./"] {
                for part in text.split(start).skip(1) {
                    let name = part.split('"').next().unwrap();
                    assert!(find(name).is_some(), "{file} names {name}");
                    named += 1;
                }
            }
        }
        assert!(named > 12, "{named}");
        assert_eq!(find("../secrets"), None);
    }

    #[test]
    fn a_tag_is_of_the_content() {
        let tags: std::collections::BTreeSet<String> = ASSETS.iter().map(Asset::etag).collect();
        assert_eq!(tags.len(), ASSETS.len());
        let tag = INDEX.etag();
        assert_eq!((tag.len(), tag.matches('"').count()), (18, 2), "{tag}");
    }

    #[test]
    fn the_login_says_what_was_wrong_as_text() {
        assert!(!login(None).contains("role=\"alert\""));
        assert!(!login(None).contains(SAID));
        let shown = login(Some("<script>alert(1)</script>"));
        assert!(shown.contains("&lt;script&gt;alert(1)"), "{shown}");
        assert!(!shown.contains("<script>"), "{shown}");
    }

    /// So that the page stays small: all of it, as it goes over the wire.
    #[test]
    fn it_is_small() {
        let bytes: usize = all().iter().map(|(_, text)| text.len()).sum();
        assert!(bytes < 64_000, "{bytes} bytes");
    }
}
