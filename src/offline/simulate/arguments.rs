//! The load and the plant on the command line, for all commands that try settings on them.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset};
use clap::Args;

use crate::settings::{nearest_name, similar::listed};
use crate::simulation::fleet::Boot;
use crate::simulation::plant::Kind;
use crate::simulation::trace::generator::Shape;

/// What comes.
#[derive(Debug, Clone, Args)]
pub(crate) struct LoadArguments {
    /// The load: a CSV (seconds,rate), an access log, a Heroku app's log, or a Prometheus range query's JSON
    #[arg(value_name = "TRACE", conflicts_with_all = ["trace", "load"])]
    pub(crate) file: Option<PathBuf>,
    /// The same, by name
    #[arg(long, value_name = "FILE", conflicts_with = "load")]
    pub(crate) trace: Option<PathBuf>,
    /// A load that is drawn: daily-wave (what is taken where there is none), flash-crowd, ramp, noise, job-bursts
    #[arg(long, value_name = "SHAPE", value_parser = shape)]
    pub(crate) load: Option<Shape>,
    /// How many days of it are drawn
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub(crate) days: u32,
    /// The seed of all that is chance
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// So many seeds from that one on, of which the mean is told
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub(crate) seeds: u64,
    /// The load is scaled to so much work on average: to as many processes that are busy all the time
    #[arg(long, value_name = "MEAN", default_value_t = 10.0, value_parser = positive, conflicts_with = "as_it_is")]
    pub(crate) erlang: f64,
    /// The load's rates are what they are: then how long one takes must be said
    #[arg(long, requires = "service_time_ms")]
    pub(crate) as_it_is: bool,
    /// When it begins (RFC 3339), for schedules [default: a Monday, 0:00 in the time zone of the settings]
    #[arg(long, value_name = "TIME", value_parser = DateTime::parse_from_rfc3339)]
    pub(crate) start: Option<DateTime<FixedOffset>>,
}

/// What serves.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlantArguments {
    /// web answers requests, queue works off jobs [default: what the process's target or measurement is about, else web]
    #[arg(long, value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// How many requests or jobs a process works on at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) slots: u32,
    /// How many seconds a process boots: 30, or anything in 20..120
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = boot)]
    pub(crate) boot: Boot,
    /// How many seconds a process that is stopped is still paid for
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub(crate) grace: u32,
    /// How long one request or job takes without waiting [default: 100 for web, 5000 for a queue]
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) service_time_ms: Option<f64>,
    /// By what part that swings over the day: 0.2 is from 20 % less to 20 % more
    #[arg(long, value_name = "PART", default_value_t = 0.0, value_parser = part)]
    pub(crate) drift: f64,
    /// What takes longer is late [default: the process's target, else 1000 for web, 30 s for a queue]
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) slo_ms: Option<f64>,
    /// The same in seconds
    #[arg(long, value_name = "SECONDS", value_parser = positive, conflicts_with = "slo_ms")]
    pub(crate) slo_seconds: Option<f64>,
    /// How much measuring errs [default: 0.05; counters by three tenths of that]
    #[arg(long, value_name = "PART", value_parser = part)]
    pub(crate) noise: Option<f64>,
    /// Measuring does not err
    #[arg(long, conflicts_with = "noise")]
    pub(crate) no_noise: bool,
    /// What is seen: all, response, probes:4, utilisation, queue [default: what the process's measurement sees]
    #[arg(long, value_name = "WHAT", value_parser = sees)]
    pub(crate) sees: Option<super::Visible>,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| *number > 0.0 && *number <= 1e9);
    number.ok_or_else(|| "a number above 0".to_owned())
}

/// What something costs.
pub(crate) fn price(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| number.is_sign_positive() && *number <= 1e9);
    number.ok_or_else(|| "a price: a number from 0 on, as 0.07".to_owned())
}

fn part(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| (0.0..=0.9).contains(number));
    number.ok_or_else(|| "a part: from 0 to 0.9".to_owned())
}

/// `name` is none of these: which they are, and which was meant.
pub(crate) fn unknown<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    let meant = nearest_name(name, known.clone())
        .map(|meant| format!("did you mean `{meant}`? "))
        .unwrap_or_default();
    format!("{meant}there are: {}", listed(known))
}

/// As they are written on the command line.
const SHAPES: [&str; 5] = ["daily-wave", "flash-crowd", "ramp", "noise", "job-bursts"];

fn shape(text: &str) -> Result<Shape, String> {
    Shape::named(&text.replace('-', "_")).ok_or_else(|| unknown(text, SHAPES.into_iter()))
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "web" => Ok(Kind::Web),
        "queue" => Ok(Kind::Queue),
        other => Err(unknown(other, ["web", "queue"].into_iter())),
    }
}

fn boot(text: &str) -> Result<Boot, String> {
    let seconds = |text: &str| text.trim().parse().ok().filter(|seconds| *seconds <= 3600);
    let boot = match text.split_once("..") {
        Some((least, most)) => seconds(least)
            .zip(seconds(most))
            .filter(|(least, most)| least <= most)
            .map(|(least, most)| Boot::Between(least, most)),
        None => seconds(text).map(Boot::Fixed),
    };
    boot.ok_or_else(|| "seconds up to 3600, as 30 or 20..120".to_owned())
}

fn sees(text: &str) -> Result<super::Visible, String> {
    use super::Visible;
    match text {
        "all" => Ok(Visible::All),
        "response" => Ok(Visible::Response),
        "utilisation" => Ok(Visible::Utilisation),
        "queue" => Ok(Visible::Queue),
        "probes" => Ok(Visible::Probes(1)),
        other => other
            .strip_prefix("probes:")
            .and_then(|many| many.parse().ok())
            .filter(|many| (1..=1000).contains(many))
            .map(Visible::Probes)
            .ok_or_else(|| {
                let known = ["all", "response", "probes:4", "utilisation", "queue"];
                unknown(other, known.into_iter())
            }),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Both {
        #[command(flatten)]
        load: LoadArguments,
        #[command(flatten)]
        plant: PlantArguments,
    }

    fn read(words: &str) -> Result<Both, String> {
        let words = std::iter::once("x").chain(words.split_whitespace());
        Both::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shapes_are_the_generators() {
        let names = Shape::ALL.map(|shape| shape.name().replace('_', "-"));
        assert_eq!(names, SHAPES);
    }

    #[test]
    fn what_is_written_is_read() {
        let both = read("--load flash-crowd --boot 20..120 --sees probes:4 --kind queue").unwrap();
        assert_eq!(both.load.load, Some(Shape::FlashCrowd));
        assert_eq!(both.plant.boot, Boot::Between(20, 120));
        assert_eq!(both.plant.sees, Some(super::super::Visible::Probes(4)));
        assert_eq!(both.plant.kind, Some(Kind::Queue));
        let both = read("load.csv").unwrap();
        assert_eq!((both.load.seeds, both.load.days), (1, 7));
        assert_eq!(both.plant.boot, Boot::Fixed(30));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (words, part) in [
            ("--load daily-wav", "did you mean `daily-wave`"),
            ("--load tsunami", "there are: `daily-wave`"),
            ("--boot 120..20", "20..120"),
            ("--boot soon", "20..120"),
            ("--sees al", "did you mean `all`"),
            ("--sees probes:0", "there are: `all`"),
            ("--kind wbe", "did you mean `web`"),
            ("--days 0", "1..=400"),
            ("--drift 2", "from 0 to 0.9"),
            ("--erlang=-1", "a number above 0"),
            ("--as-it-is", "--service-time-ms"),
            ("a.csv --load ramp", "cannot be used with"),
            ("--start monday", "--start"),
        ] {
            let told = read(words).unwrap_err();
            assert!(told.contains(part), "{words}: {told}");
        }
    }
}
