//! Which backend a table names: `backend = "…"`, and in a notification table a list of them.

use toml::Spanned;
use toml::de::DeValue;

use super::environment::expand;
use super::mask::veiled;
use super::rooms::{Room, Row, Step, meant_backend};
use super::similar::{listed, nearest};
use super::table::{Place, Walk, WrittenTable};
use super::value::named;

impl Walk<'_> {
    /// The rows that a table chooses: its own choice, else that of the first of `behind` (the defaults, say) that has one,
    /// else the step's default backend. `None` when the choice was wrong, which is told.
    pub(super) fn choice(
        &mut self,
        room: &Room,
        place: &Place,
        own: Option<&WrittenTable<'_>>,
        behind: &[&WrittenTable<'_>],
    ) -> Option<Vec<Row>> {
        let written = own
            .into_iter()
            .chain(behind.iter().copied())
            .find_map(|table| table.find("backend"));
        let Some((at, value)) = written else {
            return self
                .named_row(room, room.step.default_backend(), place)
                .map(|row| vec![row]);
        };
        let at = Place {
            span: value.span(),
            path: at.path,
        };
        let list = value.get_ref().as_array();
        let Some(list) = list.filter(|_| room.step == Step::Notification) else {
            return self.one(room, &at, value).map(|row| vec![row]);
        };
        if list.is_empty() {
            self.find(&at, "the list is empty", "at least one backend");
            return None;
        }
        let rows: Vec<_> = list.iter().map(|one| self.one(room, &at, one)).collect();
        rows.into_iter().collect()
    }

    fn one(&mut self, room: &Room, at: &Place, value: &Spanned<DeValue<'_>>) -> Option<Row> {
        let at = Place {
            span: value.span(),
            path: at.path.clone(),
        };
        let Some(written) = value.get_ref().as_str() else {
            let right = match room.step {
                Step::Notification => "a backend's name in quotes, or a list of them",
                Step::Measurement | Step::Decision | Step::Scaling => {
                    "one backend's name in quotes"
                }
            };
            let wrong = format!("{} does not belong here", named(value.get_ref()));
            self.find(&at, wrong, right);
            return None;
        };
        let expanded = match expand(written, self.environment) {
            Ok(expanded) => expanded,
            Err(unfilled) => {
                let (wrong, right) = unfilled.sentences();
                self.find(&at, wrong, right);
                return None;
            }
        };
        if expanded.filled && room.row(&meant_backend(&expanded.text)).is_none() {
            let right = format!("one of {}", listed(room.rows.iter().map(|row| row.name)));
            self.find(
                &at,
                format!(
                    "with its variables filled in, it names no {} backend",
                    room.step
                ),
                right,
            );
            return None;
        }
        self.named_row(room, &expanded.text, &at)
    }

    fn named_row(&mut self, room: &Room, written: &str, at: &Place) -> Option<Row> {
        let meant = meant_backend(written);
        if let Some(row) = room.row(&meant) {
            return Some(row);
        }
        let names = || room.rows.iter().map(|row| row.name);
        let elsewhere = self
            .rooms
            .all()
            .iter()
            .find(|other| other.row(&meant).is_some());
        let right = match (nearest(&meant, names()), elsewhere) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(other)) => format!(
                "`{meant}` is a {} backend; here it is one of {}",
                other.step,
                listed(names())
            ),
            (None, None) => format!("one of {}", listed(names())),
        };
        self.find(
            at,
            format!("there is no {} backend `{}`", room.step, veiled(written)),
            right,
        );
        None
    }
}
