//! What is tried: some settings of the decision, each over a range or a list. A [`Point`] is one choice of them.

use toml::{Table, Value};

use crate::backend::Registry;
use crate::decision::SHARED;
use crate::offline::simulate::arguments::unknown;
use crate::offline::subject::Subject;
use crate::settings::schema::{Kind, Setting};
use crate::simulation::number::{length, place, whole};

/// The values that a setting is tried with.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// Whole numbers, both ends included.
    Whole(f64, f64),
    /// Numbers, of which three digits count.
    Real(f64, f64),
    /// These, each as TOML.
    Listed(Vec<String>),
}

/// From this many times the least on, a range is gone through by factors instead of by differences.
const WIDE: f64 = 10.0;

/// One setting that is tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Dial {
    /// The setting.
    pub name: String,
    reach: Reach,
    /// What holds at present, as TOML; nothing where that is no one value.
    present: Option<String>,
}

/// For each dial where it stands, from 0 to 1; `None`: as it is at present.
pub type Point = Vec<Option<f64>>;

impl Dial {
    /// A setting and its values.
    pub fn new(name: &str, reach: Reach, present: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            reach,
            present,
        }
    }

    /// The value there, as TOML.
    pub fn value(&self, at: f64) -> String {
        let at = at.clamp(0.0, 1.0);
        match &self.reach {
            Reach::Whole(low, high) => {
                let is_wide = is_wide(*low, *high);
                let value = between(is_wide, low - 0.5, high + 0.5, at).round();
                format!("{:.0}", value.clamp(*low, *high))
            }
            Reach::Real(low, high) => rounded(between(is_wide(*low, *high), *low, *high, at)),
            Reach::Listed(values) => {
                let number = place(whole(length(values.len()) * at));
                let last = values.len().saturating_sub(1);
                values.get(number.min(last)).cloned().unwrap_or_default()
            }
        }
    }

    /// Where what holds at present lies; in the middle, if it is nowhere.
    pub fn present(&self) -> f64 {
        let present = self.present.as_deref();
        let number = present.and_then(|text| text.parse::<f64>().ok());
        let part = |is_wide, low, high| number.map(|number| part(is_wide, low, high, number));
        let at = match &self.reach {
            Reach::Whole(low, high) => part(is_wide(*low, *high), low - 0.5, high + 0.5),
            Reach::Real(low, high) => part(is_wide(*low, *high), *low, *high),
            Reach::Listed(values) => present
                .and_then(|present| values.iter().position(|value| value == present))
                .map(|number| (length(number) + 0.5) / length(values.len())),
        };
        at.filter(|at| at.is_finite())
            .unwrap_or(0.5)
            .clamp(0.0, 1.0)
    }

    /// The shortest way to another value.
    pub fn grain(&self) -> f64 {
        match &self.reach {
            Reach::Whole(low, high) if !is_wide(*low, *high) => 1.0 / (high - low + 1.0),
            Reach::Whole(..) | Reach::Real(..) => 0.0,
            Reach::Listed(values) => 1.0 / length(values.len().max(1)),
        }
    }
}

/// Whether a range is gone through by factors.
fn is_wide(low: f64, high: f64) -> bool {
    low > 0.0 && high / low >= WIDE
}

fn between(is_wide: bool, low: f64, high: f64, at: f64) -> f64 {
    if is_wide {
        low * (high / low).powf(at)
    } else {
        low + (high - low) * at
    }
}

fn part(is_wide: bool, low: f64, high: f64, value: f64) -> f64 {
    if is_wide {
        (value.max(low) / low).ln() / (high / low).ln()
    } else {
        (value - low) / (high - low)
    }
}

/// With three digits that count.
fn rounded(value: f64) -> String {
    let short = format!("{value:.2e}").parse::<f64>();
    short.unwrap_or(value).to_string()
}

/// All that is tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    /// The settings.
    pub dials: Vec<Dial>,
}

impl Space {
    /// The settings at a point, where they are not as at present: a line of TOML each.
    pub fn lines(&self, point: &Point) -> Vec<String> {
        let set = self.dials.iter().zip(point).filter_map(|(dial, at)| {
            let value = dial.value((*at)?);
            let is_other = dial.present.as_ref() != Some(&value);
            is_other.then(|| format!("{} = {value}", dial.name))
        });
        set.collect()
    }

    /// Everything as it is at present.
    pub fn present(&self) -> Point {
        vec![None; self.dials.len()]
    }

    /// Whether each setting that is tried gets where it is read; else which one does not.
    pub(crate) fn check(&self, subject: &Subject, registry: &Registry) -> Result<(), String> {
        for dial in &self.dials {
            let name = &dial.name;
            let values = [dial.value(0.0), dial.value(1.0)];
            let mut others = values
                .iter()
                .filter(|value| dial.present.as_ref() != Some(*value));
            let is_kept = others.any(|value| {
                let line = format!("{name} = {value}");
                let changed = subject.with(&[line], registry);
                let now = changed.ok().and_then(|changed| present(&changed, name));
                now.is_some() && now == dial.present
            });
            if is_kept {
                return Err(format!(
                    "{name}: a measurement's own decision sets it, so that [processes.{}.decision] does not; move it there",
                    subject.process.name
                ));
            }
        }
        Ok(())
    }

    /// What the command line wants to be tried, else what is wrong with it.
    pub(crate) fn read(
        wanted: &[String],
        subject: &Subject,
        registry: &Registry,
    ) -> Result<Self, String> {
        let dials = wanted.iter().map(|wanted| dial(wanted, subject, registry));
        let dials = dials.collect::<Result<Vec<Dial>, String>>()?;
        let mut names: Vec<&str> = dials.iter().map(|dial| dial.name.as_str()).collect();
        names.sort_unstable();
        let twice = names
            .iter()
            .zip(names.iter().skip(1))
            .find(|(one, other)| one == other);
        match twice {
            Some((name, _)) => Err(format!("--try {name}: once is enough")),
            None => Ok(Self { dials }),
        }
    }
}

/// What holds at present, as TOML.
pub(super) fn present(subject: &Subject, name: &str) -> Option<String> {
    let value = subject.process.decision.section.get(name)?;
    if let Some(number) = value.as_f64() {
        return Some(number.to_string());
    }
    let text = value.as_str().map(|text| Value::from(text).to_string());
    text.or_else(|| value.as_bool().map(|truth| truth.to_string()))
}

/// `SETTING=LOW..HIGH` or `SETTING=a,b,c`.
fn dial(wanted: &str, subject: &Subject, registry: &Registry) -> Result<Dial, String> {
    let shape = || {
        format!(
            "--try {wanted}: a setting with a range or a list, as max_measurement_value=300..900 or increment=1,2,4"
        )
    };
    let (name, values) = wanted.split_once('=').ok_or_else(shape)?;
    let (name, values) = (name.trim(), values.trim());
    let setting = setting(name, subject, registry)?;
    let range = values.split_once("..");
    let reach = match range {
        None => listed(values).ok_or_else(shape)?,
        Some((low, high)) => {
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|it| it.is_finite());
            let (low, high) = number(low).zip(number(high)).ok_or_else(shape)?;
            if low >= high {
                return Err(format!(
                    "--try {wanted}: a range goes from the less to the more"
                ));
            }
            if matches!(
                setting.kind,
                Kind::Whole(..) | Kind::Schedule(..) | Kind::Step
            ) {
                Reach::Whole(low.ceil(), high.floor())
            } else if matches!(setting.kind, Kind::Number(..) | Kind::Seconds) {
                Reach::Real(low, high)
            } else {
                return Err(format!(
                    "--try {wanted}: `{name}` is no number; name its values, as in {name}=one,other"
                ));
            }
        }
    };
    Ok(Dial::new(name, reach, present(subject, name)))
}

/// The values of a list: as TOML, else as words.
fn listed(text: &str) -> Option<Reach> {
    let table: Option<Table> = toml::from_str(&format!("value = [{text}]")).ok();
    let values: Vec<Value> = match table.and_then(|mut table| table.remove("value")) {
        Some(Value::Array(values)) => values,
        _ => text
            .split(',')
            .map(|word| Value::from(word.trim()))
            .collect(),
    };
    let values: Vec<String> = values.iter().map(Value::to_string).collect();
    (!text.is_empty() && !values.is_empty()).then_some(Reach::Listed(values))
}

/// The row of a setting of the process's decisions.
fn setting<'r>(
    name: &str,
    subject: &Subject,
    registry: &'r Registry,
) -> Result<&'r Setting, String> {
    let backends = registry.decision.iter().filter(|row| {
        let mut metrics = subject.process.metrics();
        metrics.any(|metric| metric.decision.backend == row.name)
    });
    let settings = backends.flat_map(|row| row.settings).chain(SHARED);
    let settings: Vec<&Setting> = settings.collect();
    let is_shared = SHARED.iter().any(|setting| setting.name == name);
    if !is_shared && subject.process.metrics().count() > 1 {
        return Err(format!(
            "--try {name}: with several measurements only what holds for all of them is searched, as in \
             --try scale_down_cooldown_seconds=0,60,300"
        ));
    }
    let found = settings.iter().find(|setting| setting.name == name);
    found.copied().ok_or_else(|| {
        let names = settings.iter().map(|setting| setting.name);
        format!(
            "--try {name}: the decision has no such setting; {}",
            unknown(name, names)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject::bare(
            "consecutive_threshold",
            "increment = 2",
            &Registry::built_in(),
        )
        .unwrap()
    }

    fn read(wanted: &[&str]) -> Result<Space, String> {
        let wanted: Vec<String> = wanted.iter().map(|wanted| (*wanted).to_owned()).collect();
        Space::read(&wanted, &subject(), &Registry::built_in())
    }

    #[test]
    fn a_dial_goes_from_end_to_end() {
        let list = ["1", "2", "\"50%\""].map(str::to_owned).to_vec();
        for (reach, values) in [
            (Reach::Whole(1.0, 5.0), ["1", "3", "5"]),
            (Reach::Whole(1.0, 100.0), ["1", "7", "100"]),
            (Reach::Real(100.0, 500.0), ["100", "300", "500"]),
            (Reach::Real(0.001, 0.1), ["0.001", "0.01", "0.1"]),
            (Reach::Real(0.0, 1234.5), ["0", "617", "1230"]),
            (Reach::Listed(list), ["1", "2", "\"50%\""]),
        ] {
            let dial = Dial::new("x", reach, None);
            let found = [0.0, 0.5, 1.0].map(|at| dial.value(at));
            assert_eq!(found, values, "{dial:?}");
            for value in found {
                let dial = Dial::new("x", dial.reach.clone(), Some(value.clone()));
                let at = dial.present();
                assert_eq!(dial.value(at), value, "{dial:?} at {at}");
            }
        }
    }

    #[test]
    fn a_grain_is_another_value() {
        for wanted in [
            "number_of_fails_to_scale_up_after=1..7",
            "increment=1,2,4,8",
        ] {
            let space = read(&[wanted]).unwrap();
            let dial = &space.dials[0];
            let next = dial.present() + dial.grain();
            assert_ne!(dial.value(dial.present()), dial.value(next), "{wanted}");
        }
    }

    #[test]
    fn only_what_is_not_as_at_present_is_written() {
        let space = read(&[
            "increment=1,2,4",
            "max_measurement_value=300..900",
            "scale_up_increment=50%,100%",
        ])
        .unwrap();
        let lines = |point: [Option<f64>; 3]| space.lines(&point.to_vec());
        assert_eq!(space.lines(&space.present()), Vec::<String>::new());
        assert_eq!(
            lines([Some(0.5), None, None]),
            Vec::<String>::new(),
            "two is what it is"
        );
        assert_eq!(
            lines([Some(1.0), Some(0.5), Some(0.0)]),
            [
                "increment = 4",
                "max_measurement_value = 600",
                "scale_up_increment = \"50%\""
            ]
        );
    }

    #[test]
    fn what_a_measurement_decides_itself_is_not_tried_in_vain() {
        let registry = Registry::built_in();
        let check = |measurement: &str, wanted: &str| {
            let text = format!(
                "[processes.web]\nscaling = {{ backend = \"local\", command = \"true\" }}\n{measurement}\n\
                 [processes.web.decision]\nmax_processes = 9\n"
            );
            let subject = Subject::of_text("x", &text, &registry).unwrap();
            let space = Space::read(&[wanted.to_owned()], &subject, &registry);
            space.and_then(|space| space.check(&subject, &registry))
        };
        let url = "measurement_url = \"https://x.invalid/\"";
        let one = format!("measurement = {{ {url} }}");
        let own =
            format!("measurement = {{ {url}, decision = {{ max_measurement_value = 700 }} }}");
        let two = format!("measurement = [{{ name = \"a\", {url} }}, {{ name = \"b\", {url} }}]");
        let max = "max_measurement_value=500..900";
        for (measurement, wanted, told) in [
            (&one, max, ""),
            (&own, max, "a measurement's own decision sets it"),
            (&two, max, "with several measurements"),
            (&two, "scale_down_cooldown_seconds=0,60", ""),
        ] {
            let found = check(measurement, wanted).err().unwrap_or_default();
            assert_eq!(
                told.is_empty(),
                found.is_empty(),
                "{measurement} {wanted}: {found}"
            );
            assert!(found.contains(told), "{measurement} {wanted}: {found}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (wanted, part) in [
            (&["increment"][..], "a setting with a range or a list"),
            (&["increment="], "a setting with a range or a list"),
            (&["incremet=1..3"], "did you mean `increment`"),
            (&["target_value=1..3"], "the decision has no such setting"),
            (&["increment=3..1"], "from the less to the more"),
            (&["increment=a..b"], "a range or a list"),
            (&["flap_projection=0..1"], "is no number"),
            (&["increment=1..3", "increment=4,5"], "once is enough"),
        ] {
            let told = read(wanted).unwrap_err();
            assert!(told.contains(part), "{wanted:?}: {told}");
        }
    }
}
