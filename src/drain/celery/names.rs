//! Which Celery worker is which process: the node names that `drain_node_name` describes. Pure.
//!
//! ```text
//!   the platform's name   drain_node_name    the node's name
//!   worker.3              {dyno}@*           worker.3@0f3c…        celery worker -n $DYNO@%h
//!   worker.3              celery@{dyno}      celery@worker.3       celery worker -n $DYNO
//! ```

use crate::settings::problem::Fault;

/// The process's whole name.
const DYNO: &str = "{dyno}";

/// The number at its end.
const NUMBER: &str = "{number}";

/// Any characters, or none.
const ANY: char = '*';

/// How the workers of a process type call themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeNames(String);

impl NodeNames {
    /// Names of this form.
    pub(super) fn new(form: &str) -> Self {
        Self(form.to_owned())
    }

    /// The form for one process.
    fn of(&self, name: &str) -> String {
        let number = name.rsplit_once('.').map_or(name, |(_, number)| number);
        self.0.replace(DYNO, name).replace(NUMBER, number)
    }

    /// The form for all of a process type.
    pub(super) fn of_all(&self, process_type: &str) -> String {
        self.of(&format!("{process_type}.{ANY}"))
    }

    /// Which of these processes a node is.
    pub(super) fn which<'n>(&self, node: &str, names: &'n [String]) -> Option<&'n String> {
        names.iter().find(|name| fits(node, &self.of(name)))
    }

    /// The process of this type that a node is.
    pub(super) fn process(&self, node: &str, process_type: &str) -> Option<String> {
        if !fits(node, &self.of_all(process_type)) {
            return None;
        }
        // Only a number can stand where the form has one.
        let runs = node.split(|c: char| !c.is_ascii_digit());
        let mut names = runs.filter(|run| !run.is_empty());
        names
            .find(|number| fits(node, &self.of(&format!("{process_type}.{number}"))))
            .map(|number| format!("{process_type}.{number}"))
    }
}

/// What is wrong with a form.
pub(super) fn fault(form: &str) -> Option<Fault> {
    const RIGHT: &str =
        "a form such as `{dyno}@*` (workers started with `-n $DYNO@%h`) or `celery@{dyno}`";
    let at = |wrong: &str| Some(Fault::at("drain_node_name", wrong, RIGHT));
    let bare = form.replace(DYNO, "").replace(NUMBER, "");
    if bare.len() == form.len() {
        return at(
            "it has neither {dyno} nor {number} in it, so that every process would be the same worker",
        );
    }
    if bare.contains(['{', '}']) {
        return at("it has braces around something that is neither dyno nor number");
    }
    let loose = |mark: &str| form.contains(&format!("{mark}{ANY}"));
    if loose(DYNO) || loose(NUMBER) {
        return at("a `*` right after the number would take worker 10 for worker 1 as well");
    }
    None
}

/// Whether a text has a form in which `*` stands for anything.
fn fits(text: &str, form: &str) -> bool {
    let mut parts = form.split(ANY);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_known_by_its_name() {
        let names = ["worker.1", "worker.10", "worker.3"].map(str::to_owned);
        for (form, node, which) in [
            ("{dyno}@*", "worker.3@0f3c-99", "worker.3"),
            ("{dyno}@*", "worker.1@vm", "worker.1"),
            ("{dyno}@*", "worker.10@vm", "worker.10"),
            ("{dyno}@*", "worker.2@vm", ""),
            ("{dyno}@*", "celery@vm", ""),
            ("{dyno}@*", "myworker.1@vm", ""),
            ("celery@{dyno}", "celery@worker.3", "worker.3"),
            ("celery@{dyno}", "celery@worker.10", "worker.10"),
            ("w{number}@*", "w10@vm", "worker.10"),
            ("*-{dyno}@*", "shop-worker.3@vm", "worker.3"),
            ("*-{dyno}@*.test", "shop-worker.3@vm.test", "worker.3"),
            ("*-{dyno}@*.test", "shop-worker.3@vm.example", ""),
        ] {
            let found = NodeNames::new(form).which(node, &names);
            assert_eq!(found.map_or("", String::as_str), which, "{form}: {node}");
        }
    }

    #[test]
    fn every_worker_of_a_type_is_known() {
        for (form, node, process) in [
            ("{dyno}@*", "worker.3@host7", "worker.3"),
            ("{dyno}@*", "worker.12@vm", "worker.12"),
            ("{dyno}@*", "mail.3@vm", ""),
            ("{dyno}@*", "worker.x@vm", ""),
            ("h2-w{number}@*", "h2-w13@vm", "worker.13"),
        ] {
            let found = NodeNames::new(form).process(node, "worker");
            assert_eq!(found.unwrap_or_default(), process, "{form}: {node}");
        }
        assert_eq!(NodeNames::new("{dyno}@*").of_all("worker"), "worker.*@*");
    }

    #[test]
    fn a_form_that_takes_one_for_another_is_a_fault() {
        for (form, wrong) in [
            ("{dyno}@*", ""),
            ("celery@{dyno}", ""),
            ("w{number}@%h", ""),
            ("celery@*", "neither {dyno} nor {number}"),
            ("", "neither {dyno} nor {number}"),
            ("{dyno}@{host}", "braces"),
            ("{dyno}*", "worker 10 for worker 1"),
            ("w{number}*@*", "worker 10 for worker 1"),
        ] {
            let found = fault(form).map_or_else(String::new, |fault| fault.wrong);
            assert!(found.contains(wrong), "{form}: {found}");
            assert_eq!(found.is_empty(), wrong.is_empty(), "{form}: {found}");
        }
    }
}
