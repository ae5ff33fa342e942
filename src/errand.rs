//! What the program does as a child of itself, by a hidden first argument: before the command line is parsed, and
//! without logs, settings or a runtime that it does not need.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::demo::server;
use crate::scaling::local::child;

/// Runs the errand that the first argument after the program's name asks for; `None` when it asks for none.
///
/// Whoever builds a program of their own on this crate calls it first thing in `main`: the `local` backend starts its
/// copies through it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    let errand = arguments.next()?;
    match errand.to_str()? {
        child::SHIM => Some(child::shim_main(arguments)),
        child::KEEPER => Some(child::keeper_main()),
        server::ARGUMENT => Some(server::main()),
        _ => None,
    }
}
