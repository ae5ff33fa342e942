//! fit
use autoscalebot::simulation::{
    figures::geometric_mean,
    peers::{self, *},
    plant::Kind,
    policy::{Fixed, Policy},
    run::{Conditions, run},
    scenario::{Scenario, scoreboard},
    trace::read::read,
};
use std::time::Instant;
mod rest;
fn main() {
    let folder = std::env::args()
        .find(|a| a.contains('/') && a.contains("traces"))
        .unwrap();
    let sets: [(&str, Kind, f64); 12] = [
        ("wc98_group", Kind::Web, 2014.3),
        ("nasa_jul95", Kind::Web, 2013.4),
        ("nyc_taxi_oct", Kind::Web, 6012.6),
        ("aws_elb", Kind::Web, 4193.3),
        ("twitter_aapl", Kind::Web, 1208.4),
        ("wikipedia_h", Kind::Web, 6014.6),
        ("google_noisy", Kind::Web, 12.9),
        ("fb2009_jobs", Kind::Queue, 244.5),
        ("wc98_group", Kind::Queue, 1691.2),
        ("twitter_aapl", Kind::Queue, 959.6),
        ("aws_elb", Kind::Queue, 3490.3),
        ("azure_llm_code", Kind::Queue, 12.2),
    ];
    for kind in [Kind::Web, Kind::Queue] {
        let scen: Vec<_> = sets
            .iter()
            .filter(|s| s.1 == kind)
            .map(|(n, k, h)| {
                let t = read(std::path::Path::new(&format!("{folder}/{n}.csv"))).unwrap();
                let (p, s) = scoreboard(&t, *k, 10.0);
                let t0 = Instant::now();
                let sc = Scenario::new(&t, p, s, 0);
                let e: f64 = sc.requests() * sc.plant.service / f64::from(sc.seconds());
                println!(
                    "{n} {k:?} S={} mean {e:.3} p99.9 demand {} built {:?}",
                    sc.plant.service,
                    sc.high_demand(0.001),
                    t0.elapsed()
                );
                (n, sc, *h)
            })
            .collect();
        for (name, make) in rest::all(kind) {
            let t0 = Instant::now();
            let mut secs = 0u64;
            let mut ratios = vec![];
            let mut late = vec![];
            let mut fs = vec![];
            for (i, (_n, sc, h)) in scen.iter().enumerate() {
                secs += u64::from(sc.seconds());
                let f = run(sc, &Conditions::scoreboard(0), make(sc).as_mut(), |_| {});
                if i < 7 && (kind == Kind::Web || i < 4) {
                    ratios.push(f.hours / h);
                    fs.push(f);
                }
                late.push(format!("{:.2}/{:.2}", f.hours / h, f.late));
            }
            let m = |g: fn(&autoscalebot::simulation::figures::Figures) -> f64| {
                fs.iter().map(g).sum::<f64>() / fs.len() as f64
            };
            println!(
                "{name:24} {:.2} late {:.2} worst {:.1} act {:.0} thU {:.1} thO {:.0} tauU {:.1} tauO {:.0} ups {:.0} sig {:.0} | {} | {:.0} ns/s",
                geometric_mean(&ratios),
                m(|f| f.late),
                fs.iter().map(|f| f.late).fold(0.0, f64::max),
                m(|f| f.actions),
                m(|f| f.theta_under),
                m(|f| f.theta_over),
                m(|f| f.tau_under),
                m(|f| f.tau_over),
                m(|f| f.upsilon),
                m(|f| f.sigma),
                late.join(" "),
                t0.elapsed().as_nanos() as f64 / secs as f64
            );
        }
    }
}
