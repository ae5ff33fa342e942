//! The picture's file: whole or not at all. That it can be written is found out before the work, not after it.

use std::fs;
use std::path::{Path, PathBuf};

/// A file that is being made beside its place.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    draft: PathBuf,
}

impl Draft {
    /// Begins it; else why it cannot be written.
    pub fn begin(path: &Path) -> Result<Self, String> {
        let name = path.file_name().filter(|_| !path.is_dir());
        let Some(name) = name else {
            return Err(unwritten(path, "it is a folder"));
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let draft = path.with_file_name(hidden);
        fs::write(&draft, "").map_err(|error| unwritten(path, &error.to_string()))?;
        let path = path.to_owned();
        Ok(Self { path, draft })
    }

    /// Puts it in its place.
    pub fn finish(self, text: &str) -> Result<(), String> {
        fs::write(&self.draft, text)
            .and_then(|()| fs::rename(&self.draft, &self.path))
            .map_err(|error| unwritten(&self.path, &error.to_string()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // In its place it is no draft any more.
        fs::remove_file(&self.draft).unwrap_or_default();
    }
}

fn unwritten(path: &Path, why: &str) -> String {
    format!(
        "{} cannot be written ({why}); name a file in a folder that this user may write to",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.svg");
        let count = || fs::read_dir(folder.path()).unwrap().count();
        let draft = Draft::begin(&path).unwrap();
        assert!(!path.exists());
        drop(draft);
        assert_eq!(count(), 0);
        Draft::begin(&path).unwrap().finish("<svg/>").unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), count()),
            ("<svg/>", 1)
        );
        let told = Draft::begin(folder.path()).unwrap_err();
        assert!(told.contains("it is a folder"), "{told}");
        let told = Draft::begin(&folder.path().join("none/out.svg")).unwrap_err();
        assert!(
            told.contains("none/out.svg cannot be written (No such"),
            "{told}"
        );
    }
}
