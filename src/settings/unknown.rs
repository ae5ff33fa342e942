//! A setting that no chosen backend has: what was meant, or where it belongs.

use super::preset::PRESET;
use super::rooms::{Room, Row, Step};
use super::similar::{listed, nearest};
use super::table::{Place, Walk};

impl Walk<'_> {
    /// Tells that no chosen backend has a setting; gives the one that was meant, as far as that is clear.
    pub(super) fn unknown_setting(
        &mut self,
        room: &Room,
        rows: &[Row],
        name: &str,
        place: &Place,
    ) -> Option<&'static str> {
        let rows: &[Row] = if rows.is_empty() { &room.rows } else { rows };
        let known = || {
            rows.iter()
                .flat_map(|row| room.settings(*row))
                .map(|s| s.name)
        };
        let wrong = "unknown setting";
        if name == PRESET {
            let right = "it belongs in the process's own table, as in `[processes.web]`";
            self.find(place, wrong, right);
            return None;
        }
        if let Some(step) = self.step_of(room.step, name) {
            self.find(place, wrong, format!("it belongs in the `{step}` table"));
            return None;
        }
        let others: Vec<_> = room
            .rows
            .iter()
            .filter(|row| room.setting(**row, name).is_some())
            .collect();
        if !others.is_empty() {
            let others = listed(others.iter().map(|row| row.name));
            self.find(
                place,
                wrong,
                format!("it is a setting of {others}; take it out, or choose another backend"),
            );
            return None;
        }
        let near = nearest(name, known());
        let backends = listed(rows.iter().map(|row| row.name));
        let right = match near {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("a setting of {backends}: {}", listed(known())),
        };
        self.find(place, wrong, right);
        near
    }

    /// The other step that has a setting of this name.
    fn step_of(&self, but: Step, name: &str) -> Option<Step> {
        if self
            .rooms
            .of(but)
            .every_setting()
            .any(|setting| setting.name == name)
        {
            return None;
        }
        let has = |room: &&Room| room.every_setting().any(|setting| setting.name == name);
        self.rooms.all().iter().find(has).map(|room| room.step)
    }
}
