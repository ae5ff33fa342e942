//! What a kind of value looks like, in words: for problems and for the reference.

use crate::settings::schema::{Kind, LEAST_SECONDS, MOST_SECONDS};

/// What belongs in a setting of this kind.
pub(in crate::settings) fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Text => "a string in quotes".to_owned(),
        Kind::OneOf(names) => {
            let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            format!("one of {}", quoted.join(", "))
        }
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Whole(least, most) => format!("a whole number {}", whole_range(least, most)),
        Kind::Number(least, most) => format!("a number {}", range(least, most)),
        Kind::Seconds => format!("a number of seconds {}", range(LEAST_SECONDS, MOST_SECONDS)),
        Kind::Texts => "a list of strings, or one string".to_owned(),
        Kind::Words => "a list of words, or one string that is split as a shell would".to_owned(),
        Kind::TextTable => "a table of strings, as in `{ Name = \"value\" }`".to_owned(),
        Kind::Wholes(least, most) => {
            format!(
                "whole numbers {} in a list, or one",
                whole_range(least, most)
            )
        }
        Kind::Schedule(least, most) => format!(
            "a whole number {}, or a table of local times and such numbers, as in `{{ \"0:00\" = 1, \"mon-fri 8:00\" = 3 }}`",
            whole_range(least, most)
        ),
        Kind::Periods => "a list of periods, as in `[\"22:00-7:00\", \"sat-sun\"]`".to_owned(),
        Kind::Url(schemes) => {
            let start = |one: &&str| match *one {
                "file" => "`file:`".to_owned(),
                one => format!("`{one}://`"),
            };
            let starts: Vec<String> = schemes.iter().map(start).collect();
            format!("a full URL that starts with {}", starts.join(" or "))
        }
        Kind::UrlOrPath => {
            "a full URL (`https://…`), or a path that starts with `/`, which is joined to base_url"
                .to_owned()
        }
        Kind::Step => {
            "a whole number of at least 1, or a percentage in quotes, as in `\"50%\"`, or whichever is more, as in \
             `\"100% or 4\"`"
                .to_owned()
        }
        Kind::Steps => {
            "a table of numbers in quotes and how many at a time (a whole number, or a percentage), as in \
             `{ \"100\" = 1, \"500\" = \"50%\" }`"
                .to_owned()
        }
        Kind::Pointer => "a JSON pointer: empty, or starting with `/`".to_owned(),
    }
}

fn whole_range(least: i64, most: i64) -> String {
    match (least, most) {
        (i64::MIN, i64::MAX) => String::new(),
        (least, i64::MAX) => format!("of at least {least}"),
        (i64::MIN, most) => format!("of at most {most}"),
        (least, most) => format!("from {least} to {most}"),
    }
}

fn range(least: f64, most: f64) -> String {
    format!("from {least} to {most}")
}
