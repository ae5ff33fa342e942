//! The messages in words, as the harness's recorder keeps them.

use std::fmt;

use super::{
    Challenged, Decided, Fault, GetCount, Measured, Notify, Outcome, Restarted, Scale, Scaled,
    Teardown,
};

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Measured")?;
        for (number, taken) in self.taken.iter().enumerate() {
            f.write_str(if number == 0 { " " } else { "; " })?;
            match (&taken.measurement.error, taken.outcome) {
                (Some(_), Outcome::Failed(what)) => write!(f, "failed, counts as {what:?}")?,
                _ => write!(f, "{}", taken.measurement.data)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for GetCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GetCount")
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self
            .count
            .as_ref()
            .map_or_else(|_| "?".to_owned(), |seen| seen.count.to_string());
        match &self.wish {
            Ok(wish) => write!(f, "Decided {count} -> {}: {}", wish.desired, wish.reason),
            Err(silence) => write!(f, "Decided {count}: {silence}"),
        }
    }
}

impl fmt::Display for Challenged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenged: {}", self.decided)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scale {} -> {}", self.from, self.to)
    }
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(count) => write!(f, "Scaled {} -> {count}", self.from),
            Err(error) => write!(f, "Scaled not: {error}"),
        }
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notify {}", self.notice.text())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault {} {}: {:?}", self.role, self.cause, self.next)
    }
}

impl fmt::Display for Restarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Restarted {}", self.role)
    }
}

impl fmt::Display for Teardown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teardown")
    }
}
