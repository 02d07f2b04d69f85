//! Draws bars for rows of the table. Each row has its own scale.

use std::fmt::Write;

use super::samples::{Column, Samples};

/// The files, and the rows that each shows.
pub(crate) const PLOTS: [(&str, &[&str]); 2] = [
    (
        "cost.svg",
        &[
            "exec to handshake line, ms",
            "exec to exit, ms",
            "memory idle, MiB",
            "plan of 1000, s",
            "plan of 1000, CPU s",
            "apply of 1000, s",
            "refresh and plan of 1000, s",
            "plan of 5000, s",
            "plan of 5000, peak MiB",
        ],
    ),
    (
        "calls.svg",
        &[
            "GetProviderSchema, 100 in flight, calls/s",
            "ValidateResourceConfig, 100 in flight, calls/s",
            "PlanResourceChange, new, 100 in flight, calls/s",
            "UpgradeResourceState, 100 in flight, calls/s",
            "ReadResource, 100 in flight, calls/s",
            "PlanResourceChange, unchanged, 100 in flight, calls/s",
        ],
    ),
];

const WIDTH: f64 = 640.0;
/// Where the bars begin, after the names of the columns.
const LEFT: f64 = 110.0;
/// The greatest length of a bar.
const LENGTH: f64 = 440.0;
const BAR: f64 = 16.0;
const TITLE: f64 = 24.0;

pub(crate) fn draw(samples: &Samples, rows: &[&str]) -> String {
    let mut panels = String::new();
    let mut y = 0.0;
    for row in rows {
        let cells = Column::ALL.map(|column| (column, samples.median(row, column)));
        let most = cells
            .iter()
            .filter_map(|(_, value)| *value)
            .fold(0.0, f64::max);
        y += TITLE;
        let _ = writeln!(
            panels,
            "<text x=\"8\" y=\"{}\" font-weight=\"bold\">{row}</text>",
            y - 6.0
        );
        for (column, value) in cells {
            let Some(value) = value else { continue };
            let colour = match column {
                Column::Ours => "#27a",
                Column::Canned | Column::Floor => "#999",
                Column::TfProvider | Column::Go | Column::Before => "#c93",
            };
            let (length, text) = (value / most * LENGTH, y + 12.0);
            let _ = writeln!(
                panels,
                "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\n\
                 <rect x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{colour}\"/>\n\
                 <text x=\"{:.1}\" y=\"{text}\">{value:.2}</text>",
                LEFT - 6.0,
                column.name(),
                y + 1.0,
                BAR - 2.0,
                LEFT + length + 5.0,
            );
            y += BAR;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{panels}</svg>\n",
        y + 8.0
    )
}
