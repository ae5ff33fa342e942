//! A drainer that does what its process's [`Script`] says, wherever `drain` is set.

use std::rc::Rc;

use async_trait::async_trait;

use super::script::Script;
use super::scripted::script;
use crate::backend::{BuildError, Site};
use crate::drain::settings::{CELERY, DRAIN};
use crate::drain::{DrainError, Drainer, Held, Survey};
use crate::settings::schema::Section;

struct Drains(Rc<Script>);

/// In the place of [`drain::build`](crate::drain::build).
pub(super) fn build(section: &Section, site: &Site) -> Result<Option<Rc<dyn Drainer>>, BuildError> {
    let kind = section.text(DRAIN.name);
    let drainer: Rc<dyn Drainer> = match kind {
        Some(CELERY) => Rc::new(Drains(script(site))),
        Some("none") | None => return Ok(None),
        Some(other) => return Err(BuildError(format!("there is no drain `{other}`"))),
    };
    Ok(Some(drainer))
}

#[async_trait(?Send)]
impl Drainer for Drains {
    async fn hold(&self, names: &[String]) -> Result<Held, DrainError> {
        let errand = self.0.errands.next(()).play().await;
        errand.map_err(DrainError)?;
        let tasks = self.0.tasks.borrow();
        let left = |name: &String| tasks.get(name).copied().unwrap_or(Some(0));
        let mut held = self.0.held.borrow_mut();
        held.retain(|name| names.contains(name) || left(name).is_none());
        let answering = names.iter().filter(|name| left(name).is_some());
        held.extend(answering.cloned());
        let owed = held.iter().filter(|name| !names.contains(name));
        Ok(Held {
            owed: owed.cloned().collect(),
            tasks: names
                .iter()
                .map(|name| (name.clone(), left(name)))
                .collect(),
        })
    }

    async fn forget(&self, names: &[String]) -> Result<(), DrainError> {
        self.0
            .held
            .borrow_mut()
            .retain(|name| !names.contains(name));
        Ok(())
    }

    async fn survey(&self) -> Result<Survey, DrainError> {
        let tasks = self.0.tasks.borrow();
        let answering = tasks.iter().filter(|(_, left)| left.is_some());
        Ok(Survey {
            asked: "the script".to_owned(),
            found: answering
                .map(|(name, _)| (name.clone(), Some(name.clone())))
                .collect(),
        })
    }
}
