//! A table as it is written, and where.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A place in the file: where, in bytes, and the dotted path of what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) span: Range<usize>,
    pub(super) path: String,
}

impl Place {
    /// The place of something with this name under this one.
    pub(super) fn under(&self, name: &str, span: Range<usize>) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        Self { span, path }
    }
}

/// A table as written.
#[derive(Clone)]
pub(super) struct WrittenTable<'a> {
    pub(super) place: Place,
    pub(super) table: &'a DeTable<'a>,
    /// The preset that it is from, rather than from the file.
    pub(super) preset: Option<&'static str>,
}

impl<'a> WrittenTable<'a> {
    /// A table of the file.
    pub(super) fn new(place: Place, table: &'a DeTable<'a>) -> Self {
        Self {
            place,
            table,
            preset: None,
        }
    }

    /// The whole file.
    pub(super) fn root(table: &'a DeTable<'a>) -> Self {
        let place = Place {
            span: 0..0,
            path: String::new(),
        };
        Self::new(place, table)
    }

    /// The key and value under a name.
    pub(super) fn find(&self, name: &str) -> Option<(Place, &'a Spanned<DeValue<'a>>)> {
        let (key, value) = self.table.iter().find(|(key, _)| key.get_ref() == name)?;
        Some((self.place.under(name, key.span()), value))
    }
}
