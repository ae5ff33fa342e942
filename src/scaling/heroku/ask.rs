//! What is asked of Heroku's Platform API, and what comes back.

use std::fmt;

use reqwest::Method;
use serde_json::Value;

use super::refusal::Refusal;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The method.
    pub method: Method,
    /// The path below `/apps/{app}`, in segments.
    pub path: &'a [&'a str],
    /// The JSON to send.
    pub body: Option<Value>,
    /// Which page of a list, as Heroku named it.
    pub page: Option<String>,
    /// The process type that the path names, for the error's text.
    pub process_type: Option<&'a str>,
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was answered.
    pub body: Vec<u8>,
    /// Where the list goes on, when this was not all of it.
    pub next_page: Option<String>,
}

/// Why there is no answer. Each text is for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Heroku refuses, and would again.
    Refused(Refusal),
    /// Heroku could not be reached, was too slow, or is in trouble.
    Unavailable(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(refusal) => &refusal.text,
            Self::Unavailable(text) => text,
        })
    }
}
