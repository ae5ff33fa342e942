//! rest
use super::*;
pub type Make = Box<dyn Fn(&Scenario) -> Box<dyn Policy>>;
pub fn all(kind: Kind) -> Vec<(&'static str, Make)> {
    let rate = |sc: &Scenario| Goal::usual_rate(&sc.plant);
    let mut v: Vec<(&'static str, Make)> = vec![
        (
            "static",
            Box::new(|sc| Box::new(Fixed(sc.high_demand(0.001)))),
        ),
        (
            "a1",
            Box::new(move |sc| peers::preset("autoscalebot-2012", &sc.plant).unwrap()),
        ),
        (
            "a2",
            Box::new(move |_| Box::new(Average { kind, seen: vec![] })),
        ),
        (
            "hpa cpu",
            Box::new(|sc| peers::preset("hpa", &sc.plant).unwrap()),
        ),
        (
            "hpa rps/keda",
            Box::new(move |sc| {
                Box::new(hpa::Hpa::new(if kind == Kind::Web {
                    rate(sc)
                } else {
                    Goal::jobs_in_time(&sc.plant)
                }))
            }),
        ),
        (
            "keda preset",
            Box::new(|sc| peers::preset("keda", &sc.plant).unwrap()),
        ),
        (
            "knative",
            Box::new(|sc| peers::preset("knative", &sc.plant).unwrap()),
        ),
        (
            "knative rps",
            Box::new(move |sc| Box::new(knative::Knative::new(rate(sc)))),
        ),
        (
            "nomad 5",
            Box::new(|sc| peers::preset("nomad", &sc.plant).unwrap()),
        ),
        (
            "nomad 1",
            Box::new(|_| Box::new(nomad::Nomad::with_cooldown(Goal::Utilisation(0.7), 60))),
        ),
        (
            "nomad rps 5",
            Box::new(move |sc| Box::new(nomad::Nomad::new(rate(sc)))),
        ),
        (
            "nomad rps 1",
            Box::new(move |sc| Box::new(nomad::Nomad::with_cooldown(rate(sc), 60))),
        ),
        (
            "hirefire",
            Box::new(|sc| peers::preset("hirefire", &sc.plant).unwrap()),
        ),
        (
            "aws cpu",
            Box::new(|_| {
                Box::new(Aws {
                    rate: None,
                    pts: vec![],
                })
            }),
        ),
        (
            "aws rps",
            Box::new(|sc| {
                Box::new(Aws {
                    rate: Some(0.7 / sc.plant.service),
                    pts: vec![],
                })
            }),
        ),
        (
            "simple",
            Box::new(|sc| {
                Box::new(Simple {
                    s: sc.plant.service,
                    l: sc.plant.slo,
                    kind: sc.plant.kind,
                    w: vec![],
                })
            }),
        ),
    ];
    v.retain(|_| true);
    v
}
struct Average {
    kind: Kind,
    seen: Vec<f64>,
}
impl Policy for Average {
    fn interval(&self) -> u32 {
        30
    }
    fn decide(&mut self, s: &mut autoscalebot::simulation::sight::Sight<'_>) -> u32 {
        self.seen.push(autoscalebot_2012::measured(self.kind, s));
        if self.seen.len() < 3 {
            return s.target;
        }
        let m: f64 = self.seen[self.seen.len() - 3..].iter().sum::<f64>() / 3.0;
        let (lo, hi) = autoscalebot_2012::limits(self.kind);
        if m > hi {
            self.seen.clear();
            s.target + 1
        } else if m < lo {
            self.seen.clear();
            s.target.saturating_sub(1)
        } else {
            s.target
        }
    }
}
struct Aws {
    rate: Option<f64>,
    pts: Vec<f64>,
}
impl Policy for Aws {
    fn interval(&self) -> u32 {
        60
    }
    fn decide(&mut self, s: &mut autoscalebot::simulation::sight::Sight<'_>) -> u32 {
        let n = f64::from(s.target);
        let r = match self.rate {
            Some(t) => s.rate(60) / f64::from(s.ready) / t,
            None => s.utilisation(60).unwrap() / 0.7,
        };
        self.pts.push(r);
        let k = self.pts.len();
        if k >= 3 && self.pts[k - 3..].iter().all(|p| *p > 1.0) {
            return (n * r - 1e-9).ceil() as u32;
        }
        if k >= 15 && self.pts[k - 15..].iter().all(|p| *p < 0.9) {
            return (n * r - 1e-9).ceil() as u32;
        }
        s.target
    }
}
struct Simple {
    s: f64,
    l: f64,
    kind: Kind,
    w: Vec<(u32, u32)>,
}
impl Policy for Simple {
    fn interval(&self) -> u32 {
        15
    }
    fn decide(&mut self, s: &mut autoscalebot::simulation::sight::Sight<'_>) -> u32 {
        let f = s.rate(30).max(s.rate(60)) * self.s;
        let n = match self.kind {
            Kind::Web => (f / 0.8).ceil() as u32,
            Kind::Queue => {
                let x = s.in_system();
                let th = 45.0;
                let w = 0.3 * self.l;
                let mut xd = x;
                for i in 0..30 {
                    let n = f64::from(if i < 30 { s.target } else { s.ready });
                    xd = (xd + f / self.s - xd.min(n) / self.s).max(0.0);
                }
                let a = (xd * self.s + f * th) / (self.s + w + th);
                let b = xd * self.s / (self.s + 0.5 * self.l);
                a.max(b).ceil() as u32
            }
        };
        self.w.push((s.now, n));
        let now = s.now;
        self.w.retain(|(t, _)| t + 120 > now);
        if n >= s.target {
            n
        } else {
            self.w.iter().map(|w| w.1).max().unwrap().min(s.target)
        }
    }
}

struct Nom { win: u32, cd: u32, last: Option<u32> }
impl Policy for Nom {
    fn interval(&self) -> u32 { 10 }
    fn decide(&mut self, s: &mut autoscalebot::simulation::sight::Sight<'_>) -> u32 {
        let f=s.utilisation(self.win).unwrap()/0.7;
        if self.last.is_some_and(|l| s.now<l+self.cd) || (f-1.0).abs()<=0.01 { return s.target; }
        let w=(f64::from(s.target)*f-1e-9).ceil() as u32;
        if w!=s.target { self.last=Some(s.now); }
        w
    }
}
struct HpaV { goal: f64, kind: Kind, h: hpa::Hpa, mode: u32 }
impl Policy for HpaV {
    fn interval(&self) -> u32 { 15 }
    fn decide(&mut self, s: &mut autoscalebot::simulation::sight::Sight<'_>) -> u32 {
        let v = match (self.kind,self.mode) { (Kind::Web,0)=>s.rate(60),(Kind::Web,1)=>s.rate(30),(Kind::Web,_)=>s.rate(15),(Kind::Queue,0)=>s.in_flight(30),(Kind::Queue,1)=>s.in_flight(15),(Kind::Queue,_)=>s.in_flight(1) };
        if self.mode==1 && self.kind==Kind::Web {
            let r=v/self.goal/f64::from(s.ready); let all=s.target;
            let w = if s.ready==all||r<=1.0 { if (r-1.0).abs()<=0.1 {all} else {(r*f64::from(s.ready)-1e-9).ceil() as u32} } else { let d=v/self.goal/f64::from(all); if d<=1.1 {all} else {(v/self.goal).ceil() as u32}};
            return self.h.settle(w,s.now,s.target);
        }
        let r=v/self.goal/f64::from(s.target);
        let w= if (r-1.0).abs()<=0.1 { s.target } else {(v/self.goal-1e-9).ceil() as u32};
        self.h.settle(w,s.now,s.target)
    }
}
