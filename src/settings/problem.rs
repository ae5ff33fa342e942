//! What is wrong with a configuration: faults as the checks find them, problems as they are shown.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::mask::Mask;
use super::source::Source;
use crate::backend::BuildError;

/// How wide a line of the file is shown.
const WIDTH: usize = 140;

/// A fault inside one table, before its place in the file is known: which setting, what is wrong, what would be right.
/// A value is put into either sentence by [`Section::shown`](super::schema::Section::shown) alone, a secret's never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting at fault; when it was not written, the table's own head is shown.
    pub setting: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
    /// A setting whose lack alone makes it one: when that was written, but cannot be used, this is not told.
    pub for_want_of: Option<String>,
}

impl Fault {
    /// A fault at `setting`.
    pub fn at(setting: &str, wrong: impl fmt::Display, right: impl fmt::Display) -> Self {
        Self {
            setting: setting.to_owned(),
            wrong: wrong.to_string(),
            right: right.to_string(),
            for_want_of: None,
        }
    }

    /// The same, which the lack of another setting makes one.
    #[must_use]
    pub fn for_want_of(self, setting: &str) -> Self {
        Self {
            for_want_of: Some(setting.to_owned()),
            ..self
        }
    }
}

/// A fault and its place: in bytes of the text, and as a dotted path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) span: Range<usize>,
    pub(super) setting: String,
    pub(super) wrong: String,
    pub(super) right: String,
}

/// One problem, as it may be shown: no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1; 0 when the file as a whole is at fault.
    pub line: usize,
    /// The column, in characters counted from 1.
    pub column: usize,
    /// The setting's path (`processes.web.scaling.api_key`); empty when there is none.
    pub setting: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be right; empty when that is not known.
    pub right: String,
    /// The line with its secrets masked and where in it the caret stands, in bytes; `None` for a file that does not
    /// parse: nothing says what in it is secret.
    shown: Option<(String, Range<usize>)>,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    list: Vec<Problem>,
}

impl Problems {
    /// The problems in the order of the file, each once.
    pub(super) fn new(source: &Source, mask: &Mask, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.span.start);
        let mut list: Vec<Problem> = Vec::new();
        for finding in findings {
            let line = source.line_at(finding.span.start);
            let problem = Problem {
                line: line.number,
                column: line.column,
                shown: Some(mask.show(&line, &finding.span)),
                setting: finding.setting,
                wrong: finding.wrong,
                right: finding.right,
            };
            // One fault in `[defaults]` is met by every process.
            let same = |other: &Problem| {
                (other.line, other.column) == (problem.line, problem.column)
                    && (&other.setting, &other.wrong) == (&problem.setting, &problem.wrong)
            };
            if !list.iter().any(same) {
                list.push(problem);
            }
        }
        let file = source.name.clone();
        Self { file, list }
    }

    /// A file that does not parse: line, column and message alone.
    pub(super) fn unparsed(source: &Source, errors: &[toml::de::Error]) -> Self {
        let mut list: Vec<Problem> = Vec::new();
        for error in errors {
            let line = source.line_at(error.span().map_or(0, |span| span.start));
            // What follows a mistake on its line is mostly its consequence.
            if list.iter().any(|other| other.line == line.number) {
                continue;
            }
            list.push(Problem {
                line: line.number,
                column: line.column,
                setting: String::new(),
                wrong: format!("this is not TOML: {}", error.message()),
                right: String::new(),
                shown: None,
            });
        }
        list.sort_by_key(|problem| (problem.line, problem.column));
        let file = source.name.clone();
        Self { file, list }
    }

    /// A file that cannot be read at all.
    pub(super) fn unreadable(file: &str, wrong: String, right: &str) -> Self {
        Self {
            file: file.to_owned(),
            list: vec![Problem::of_the_file(wrong, right)],
        }
    }

    /// A file whose settings were found good, and of which something still cannot be built, for each of these reasons.
    pub fn unbuilt(file: &str, reasons: Vec<BuildError>) -> Self {
        let problem = |BuildError(why)| Problem::of_the_file(why, "");
        Self {
            file: file.to_owned(),
            list: reasons.into_iter().map(problem).collect(),
        }
    }

    /// The problems, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// Each problem on a line of its own, for a log: the place, what is wrong, what would be right.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.list.iter().map(|problem| {
            let place = match problem.line {
                0 => self.file.clone(),
                line => format!("{}:{line}:{}", self.file, problem.column),
            };
            let help = match problem.right.as_str() {
                "" => String::new(),
                right => format!("; {right}"),
            };
            format!("{place}: {}{help}", problem.message())
        })
    }

    /// All problems for a person, with or without the terminal's colours.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
        let mut text = String::new();
        for problem in &self.list {
            let shown = renderer.render(&[problem.group(&self.file)]);
            // The place and the line are two elements, and the renderer puts a mark between them.
            for line in shown.lines().filter(|line| !is_separator(line)) {
                text.push_str(line);
                text.push('\n');
            }
            text.push('\n');
        }
        let many = match self.list.len() {
            1 => "1 problem".to_owned(),
            many => format!("{many} problems"),
        };
        let file = normalize_untrusted_str(&self.file);
        text + &format!("{many} in {file}\n")
    }
}

impl Problem {
    /// One that stands in no line.
    fn of_the_file(wrong: String, right: &str) -> Self {
        Self {
            line: 0,
            column: 0,
            setting: String::new(),
            wrong,
            right: right.to_owned(),
            shown: None,
        }
    }

    /// The setting and what is wrong with it, in one line.
    pub fn message(&self) -> String {
        if self.setting.is_empty() {
            self.wrong.clone()
        } else {
            format!("`{}`: {}", self.setting, self.wrong)
        }
    }

    fn group<'a>(&'a self, file: &'a str) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.message()));
        if self.line > 0 {
            // The place is stated, not left to the snippet: masking moves columns.
            let place = Origin::path(file).line(self.line).char_column(self.column);
            group = group.element(place);
        }
        if let Some((line, caret)) = &self.shown {
            let caret = AnnotationKind::Primary.span(caret.clone());
            let snippet = Snippet::source(line.as_str())
                .line_start(self.line)
                .annotation(caret);
            group = group.element(snippet);
        }
        if !self.right.is_empty() {
            group = group.element(Level::HELP.message(normalize_untrusted_str(&self.right)));
        }
        group
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// Whether a rendered line is the mark between two elements: `:::` and colours.
fn is_separator(line: &str) -> bool {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, code)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = code.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.trim() == ":::"
}
