//! How a command that tries decisions ends: its report on standard output, its picture in a file; or why not.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::simulate::plot::file::Draft;
use crate::exit::Exit;
use crate::output::{complain, say};

/// Says why it cannot be.
pub(crate) fn refuse(why: &str) -> Exit {
    complain(&format!("error: {why}\n"));
    Exit::Failure
}

/// Begins the picture, where one is wanted, so that what forbids it is known before the work; `Err` when it cannot be
/// written, which has been told.
pub(crate) fn begin(plot: Option<&Path>) -> Result<Option<Draft>, Exit> {
    plot.map(Draft::begin)
        .transpose()
        .map_err(|why| refuse(&why))
}

/// Prints the report, and puts the picture, where one was begun, in its place.
pub(crate) fn deliver<R: Serialize>(
    report: &R,
    as_json: bool,
    text: impl FnOnce(&R) -> String,
    draft: Option<Draft>,
    picture: impl FnOnce(&R) -> String,
) -> Result<Exit> {
    let text = if as_json {
        serde_json::to_string(report)? + "\n"
    } else {
        text(report)
    };
    say(&text).context("standard output")?;
    let finished = draft.map(|draft| draft.finish(&picture(report)));
    Ok(match finished {
        Some(Err(why)) => refuse(&why),
        Some(Ok(())) | None => Exit::Success,
    })
}
