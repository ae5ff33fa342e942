//! Which notifier goes on for which, when a reload changes a process's list of them: what one has told, the other need not
//! tell again. Pure; called when a group takes up other settings.

use super::SHARED;
use crate::settings::Step;

/// For each of the `new` notifiers the place of the `old` one that it goes on for: one with the same table, else one that
/// tells the same people in the same way and differs only in what it tells and when. Whoever has none was told nothing.
pub fn heirs(old: &[Step], new: &[Step]) -> Vec<Option<usize>> {
    let mut heirs = vec![None; new.len()];
    let equal = |before: &Step, after: &Step| before == after;
    for is_the_same in [equal, tells_the_same_people] {
        for (place, after) in new.iter().enumerate() {
            let is_heir = |(index, before): &(usize, &Step)| {
                !heirs.contains(&Some(*index)) && is_the_same(before, after)
            };
            let found = old.iter().enumerate().find(is_heir).map(|(index, _)| index);
            if let Some(heir) = heirs.get_mut(place).filter(|heir| heir.is_none()) {
                *heir = found;
            }
        }
    }
    heirs
}

fn tells_the_same_people(before: &Step, after: &Step) -> bool {
    before.backend == after.backend && before.section.is_equal_but_for(&after.section, SHARED)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::schema::Section;

    fn steps(tables: &[Value]) -> Vec<Step> {
        let step = |table: &Value| {
            let values = table.as_object().unwrap().clone();
            let written = values.keys().cloned().collect();
            Step {
                backend: table["backend"].as_str().unwrap().to_owned(),
                section: Section::new(values, written),
            }
        };
        tables.iter().map(step).collect()
    }

    #[test]
    fn each_goes_on_for_at_most_one() {
        let console = || json!({"backend": "console"});
        let scales = || json!({"backend": "console", "notify_on": ["scale"]});
        let restarts = || json!({"backend": "console", "notify_on": ["restarted"]});
        let mail = |to: &str| json!({"backend": "email", "to": [to]});
        for (old, new, expected, because) in [
            (vec![console()], vec![console()], vec![Some(0)], "the same"),
            (
                vec![console(), mail("a")],
                vec![mail("b"), mail("a"), console()],
                vec![None, Some(1), Some(0)],
                "one more, and in another order",
            ),
            (
                vec![mail("a")],
                vec![mail("b")],
                vec![None],
                "somebody else is told",
            ),
            (
                vec![console()],
                vec![scales()],
                vec![Some(0)],
                "only what is told is another",
            ),
            (
                vec![console(), scales()],
                vec![restarts(), scales()],
                vec![Some(0), Some(1)],
                "the equal one first, wherever it stands",
            ),
            (
                vec![console()],
                vec![console(), console()],
                vec![Some(0), None],
                "one cannot be two",
            ),
            (vec![console()], vec![], vec![], "nobody is told any more"),
        ] {
            assert_eq!(heirs(&steps(&old), &steps(&new)), expected, "{because}");
        }
    }
}
