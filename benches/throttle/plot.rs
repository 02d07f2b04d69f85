//! Draws an SVG with a panel for each scenario: the number of calls in the last second, over time.

use std::fmt::Write;

use crate::judge::{Arrival, Verdict};
use crate::scenario::Scenario;

const COLUMNS: usize = 3;
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 150.0;
/// The empty space on each side of a panel.
const MARGIN: f64 = 28.0;
/// The highest number of calls that a panel shows. Higher values are drawn at the upper edge.
const CALLS: f64 = 50.0;
/// The seconds that a panel shows, from the first call.
const SECONDS: f64 = 40.0;

/// Draws all panels, in the order of the verdicts.
pub(crate) fn draw(verdicts: &[(&Scenario, Verdict)]) -> String {
    let rows = verdicts.len().div_ceil(COLUMNS);
    let (width, height) = (WIDTH * COLUMNS as f64, HEIGHT * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (index, (scenario, verdict)) in verdicts.iter().enumerate() {
        let (left, top) = (
            WIDTH * (index % COLUMNS) as f64,
            HEIGHT * (index / COLUMNS) as f64,
        );
        writeln!(svg, "<g transform=\"translate({left} {top})\">").unwrap();
        panel(&mut svg, scenario, verdict);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, scenario: &Scenario, verdict: &Verdict) {
    let colour = if verdict.most > 10 || verdict.throttled > 0 {
        "#c33"
    } else {
        "#27a"
    };
    let (left, right) = (x(0.0), x(SECONDS));
    let (bottom, limit) = (y(0.0), y(10.0));
    writeln!(
        svg,
        "<text x=\"{left}\" y=\"18\">{}, {}, {} process{}: {} throttled, makespan {:.2}</text>\n\
         <path d=\"M{left} {bottom}H{right}\" stroke=\"#999\"/>\n\
         <path d=\"M{left} {limit}H{right}\" stroke=\"#c33\" stroke-dasharray=\"3 3\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#c33\">10</text>\n\
         <text x=\"{right}\" y=\"{}\" text-anchor=\"end\" fill=\"#666\">{SECONDS} s</text>\n\
         <path d=\"{}\" fill=\"none\" stroke=\"{colour}\"/>",
        scenario.policy.name(),
        scenario.name,
        scenario.processes,
        if scenario.processes == 1 { "" } else { "es" },
        verdict.throttled,
        verdict.makespan,
        left - 4.0,
        limit + 4.0,
        bottom + 14.0,
        line(&verdict.arrivals),
    )
    .unwrap();
}

/// The path of the line, which rises at the arrival of each call and falls one second later.
fn line(arrivals: &[Arrival]) -> String {
    let first = arrivals.first().map_or(0.0, |call| call.at);
    let mut steps: Vec<(f64, f64)> = arrivals
        .iter()
        .map(|call| call.at - first)
        .flat_map(|at| [(at, 1.0), (at + 1.0, -1.0)])
        .collect();
    // At equal times, the fall comes first: a call that arrives exactly one second after another is
    // not in the same window.
    steps.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let mut path = format!("M{:.1} {:.1}", x(0.0), y(0.0));
    let mut within = 0.0;
    for (at, change) in steps {
        within += change;
        if at > SECONDS {
            break;
        }
        write!(path, "H{:.1}V{:.1}", x(at), y(within)).unwrap();
    }
    path
}

fn x(seconds: f64) -> f64 {
    MARGIN + seconds / SECONDS * (WIDTH - 2.0 * MARGIN)
}

fn y(calls: f64) -> f64 {
    HEIGHT - MARGIN - calls.min(CALLS) / CALLS * (HEIGHT - 2.0 * MARGIN)
}
