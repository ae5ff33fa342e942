//! What a wish rests on that several measurements have come to: their doubts, what a smaller count must not lead to, and what
//! would have changed it, each by its name. Pure.

use crate::decision::combine::{Combine, Say};
use crate::envelope::Projection;
use crate::messages::{Grounds, Opinion};
use crate::model::Count;

/// What a wish rests on that several have come to. Ceilings have no say in going down, so that nothing of theirs is doubted.
pub(super) fn joined(
    how: Combine,
    says: &[Say<'_>],
    opinions: &[Opinion],
    chosen: usize,
    now: Count,
) -> Grounds {
    let pairs = || says.iter().zip(opinions);
    let voters = || pairs().filter(|(say, _)| !say.is_ceiling);
    let doubts = voters().flat_map(|(say, opinion)| {
        let named = |doubt| format!("{}: {doubt}", say.name);
        opinion.grounds.doubts.iter().map(named)
    });
    let otherwise = pairs().flat_map(|(say, opinion)| {
        let all = opinion.grounds.otherwise.iter();
        let wish = opinion.wish.as_ref();
        let holds = wish.is_ok_and(|wish| wish.desired > i64::from(now));
        all.filter_map(move |what| otherwise(say, holds, what))
    });
    Grounds {
        trust: None,
        chosen,
        doubts: doubts.collect(),
        busy: None,
        value: opinions
            .get(chosen)
            .and_then(|opinion| opinion.grounds.value),
        projection: projection(how, voters().map(|(_, opinion)| opinion.grounds.projection)),
        otherwise: otherwise.collect(),
    }
}

/// What would have changed the wish of one of several; `holds`: it wishes for more.
fn otherwise(say: &Say<'_>, holds: bool, what: &str) -> Option<String> {
    let name = say.name;
    if !say.is_ceiling {
        return Some(format!("{name}: {what}"));
    }
    // What it wishes downwards changes nothing.
    if say.over.is_some() && !holds {
        return None;
    }
    let (state, before) = if holds {
        ("not held", "stay, if ")
    } else {
        ("held", "up, if ")
    };
    let when = what.strip_prefix(before)?;
    Some(format!("{state} by the ceiling {name}, if {when}"))
}

/// What a smaller count must not lead to: with `max` that one of them is too high, with `min` that all are.
fn projection(how: Combine, all: impl Iterator<Item = Option<Projection>>) -> Option<Projection> {
    let load = |projection: &Projection| projection.value / projection.max;
    let by_load = |one: &Projection, other: &Projection| load(one).total_cmp(&load(other));
    match how {
        Combine::Max => all.flatten().max_by(by_load),
        Combine::Min => {
            let all: Option<Vec<Projection>> = all.collect();
            all?.into_iter().min_by(by_load)
        }
    }
}
